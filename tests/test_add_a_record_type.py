"""docs/add-a-record-type.md, followed to the letter: the type it adds is found on every surface."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "add-a-record-type.md"
PASSWORD = "correct horse battery staple"

#: Runs inside the scratch installation: looks at every surface and prints what it found as JSON.
PROBE = """
import json, sys
from django.test import Client
from rapport.kernel.access.models import Account, Workspace
token, customer = sys.argv[1], None
api = Client(headers={"authorization": f"Bearer {token}"}, SERVER_NAME="localhost")
post = lambda path, **data: api.post(path, json.dumps(data), content_type="application/json")
customer = post("/api/v1/customer", name="Hotel Aldersley").json()["id"]
made = post("/api/v1/equipment", name="Grinder 2", serial="GR-77", customer=customer, state="broken", price="1200.50", bought_on="2026-03-01")
one = made.json()
web = Client(SERVER_NAME="localhost")
web.force_login(Account.objects.get())
found = {
    "api create": made.status_code,
    "api list": [i["name"] for i in api.get("/api/v1/equipment?filter=price > 1000&sort=-price").json()["items"]],
    "api describes": "equipment" in api.get("/api/v1/").content.decode(),
    "api action": post(f"/api/v1/equipment/{one['id']}/repair").status_code,
    "api state": api.get(f"/api/v1/equipment/{one['id']}").json()["state"],
    "api history": api.get(f"/api/v1/equipment/{one['id']}/history").status_code,
    "api search": "Grinder 2" in api.get("/api/v1/search?q=GR-77").content.decode(),
    "web list": "Grinder 2" in web.get("/equipment/").content.decode(),
    "web filter": "Grinder 2" in web.get("/equipment/?filter=customer.name contains aldersley").content.decode(),
    "web record": "GR-77" in web.get(f"/equipment/{one['id']}").content.decode(),
    "web form": 'name="serial"' in web.get("/equipment/new").content.decode(),
    "web search": "<b>Grinder</b> 2" in web.get("/search?q=grinder").content.decode(),
    "web customer timeline": "Grinder 2" in web.get(f"/customer/{customer}").content.decode()
                             + web.get(f"/customer/{customer}/timeline").content.decode(),
    "web action form": web.get(f"/equipment/{one['id']}/do/retire").status_code,
    "navigation": "/equipment/" in web.get("/").content.decode(),
}
print(json.dumps(found))
"""


def _files(text: str) -> dict[str, str]:
    """The files that the page tells to write: a line with the path, then the code."""
    return dict(re.findall(r"^`(workshop/\w+\.py)`\n```python\n(.*?)^```$", text, re.M | re.S))


@pytest.mark.slow
@pytest.mark.process
def test_the_page_adds_a_type_that_is_on_every_surface(tmp_path: Path) -> None:
    """Write the files of the page, run its commands, look everywhere."""
    text = PAGE.read_text()
    files = _files(text)
    assert set(files) == {f"workshop/{name}.py" for name in ("apps", "models", "records", "actions")}
    (tmp_path / "workshop").mkdir()
    (tmp_path / "workshop" / "__init__.py").write_text("")
    for name, code in files.items():
        (tmp_path / name).write_text(code)
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    env |= {"RAPPORT_ADD_ONS": "workshop", "RAPPORT_DATA": str(tmp_path / "data"), "PYTHONPATH": f"{tmp_path}:{ROOT}"}

    def rapport(*words: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "rapport", *words], env=env, input=given, capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    for command in re.findall(r"^rapport (migrate.*)$", text, re.M):
        rapport(*command.split())
    rapport("setup", "--workspace", "Fernhill", "--name", "Ana", "--email", "ana@example.com", "--password-stdin", given=PASSWORD)
    token = rapport("token", "create", "--email", "ana@example.com", "--name", "probe")
    found = json.loads(_probe(env, tmp_path, token))
    assert found == {
        "api create": 201, "api list": ["Grinder 2"], "api describes": True, "api action": 200, "api state": "running",
        "api history": 200, "api search": True, "web list": True, "web filter": True, "web record": True,
        "web form": True, "web search": True, "web customer timeline": True, "web action form": 200, "navigation": True,
    }  # fmt: skip
    csv = rapport("export", "equipment")
    assert "Grinder 2" in csv and "GR-77" in csv
    (tmp_path / "more.csv").write_text("name,serial,customer\nBoiler 1,BO-1,Hotel Aldersley\n")
    rapport("import", "more.csv", "--as", "equipment")
    assert "Boiler 1" in rapport("export", "equipment")


def _probe(env: dict[str, str], folder: Path, token: str) -> str:
    start = "from rapport.project.sqlite import use_bundled_sqlite; use_bundled_sqlite(); import django; django.setup();"
    done = subprocess.run(
        [sys.executable, "-c", start + PROBE, token], capture_output=True, text=True, cwd=folder,
        env={**env, "DJANGO_SETTINGS_MODULE": "rapport.project.settings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]
