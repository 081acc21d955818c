"""`rapport serve`: one parent process that prepares the data, then keeps the web server and the job runner running."""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from rapport import __version__
from rapport.project.data_folder import PROJECT_ROOT, UnusableDataFolder, default_data_folder, prepare_data_folder
from rapport.project.data_lock import AlreadyRunning, hold_data_folder
from rapport.project.supervisor import NOT_READY, Child, Supervisor

IDLE_SECONDS = 60.0  # a child's end and every signal wake the supervisor earlier
WILDCARDS = frozenset({"0.0.0.0", "::", "[::]", ""})


class CannotStart(Exception):
    """Rapport cannot start; the message is one sentence for the person at the terminal."""


@dataclass
class Place:
    """Where this Rapport is reached."""

    host: str
    port: int

    @property
    def is_open_to_all(self) -> bool:
        """Does it listen on every network address of the machine?"""
        return self.host in WILDCARDS

    @property
    def base_url(self) -> str:
        """What to type into a browser, unless RAPPORT_BASE_URL says better."""
        if configured := os.environ.get("RAPPORT_BASE_URL", "").rstrip("/"):
            return configured
        host = "localhost" if self.is_open_to_all or self.host in {"127.0.0.1", "::1"} else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    data: str | os.PathLike[str] | None = None,
    sample: bool = False,
    browser: bool = True,
) -> int:
    """Run Rapport until Ctrl-C; returns the exit code. Every refusal is one sentence on standard error."""
    supervisor = Supervisor()
    supervisor.listen()
    try:
        return _serve(supervisor, Place(host.strip("[]"), port), data, sample=sample, browser=browser)
    except (CannotStart, AlreadyRunning, UnusableDataFolder) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        supervisor.stop_all()
        supervisor.stop_listening()


def _serve(
    supervisor: Supervisor, place: Place, data: str | os.PathLike[str] | None, *, sample: bool, browser: bool
) -> int:
    folder = Path(data).expanduser().resolve() if data else default_data_folder()
    prepare_data_folder(folder)
    lock = hold_data_folder(folder, place.base_url)
    try:
        refuse_taken_port(place)
        _set_environment(place, folder)
        welcome = Welcome(place, folder, browser=browser)
        welcome.web.command += ["--sample"] if sample else []
        supervisor.children = [welcome.web, welcome.runner]
        supervisor.keep_running(welcome.when_tick, welcome.is_over)
        if welcome.has_failed:
            return 1
        print("Stopping…", flush=True)
        supervisor.stop_all()
        print("Rapport has stopped.", flush=True)
        return 0
    finally:
        lock.close()


def refuse_taken_port(place: Place) -> None:
    """Say so in one sentence when the port cannot be had, before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            place.host or None, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, OverflowError) as error:
        raise CannotStart(f"{place.host} is not an address of this machine.") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as error:
            raise CannotStart(
                f"Port {place.port} needs administrator rights; choose one above 1023 with --port."
            ) from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {place.port} is already used by another program; choose another one, such as "
                    f"--port {place.port + 1 if place.port < 65535 else 8000}."
                ) from error
            reason = "it is not an address of this machine" if error.errno == errno.EADDRNOTAVAIL else error.strerror
            raise CannotStart(f"Rapport cannot listen on {place.host}: {reason}.") from error


def _set_environment(place: Place, folder: Path) -> None:
    """What every child needs to know; absolute, for a child may change its folder."""
    os.environ["RAPPORT_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.project.settings"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    os.environ["RAPPORT_BASE_URL"] = place.base_url
    names = [
        *os.environ.get("RAPPORT_ALLOWED_HOSTS", "").split(","),
        f"[{place.host}]" if ":" in place.host else place.host,
    ]
    if place.is_open_to_all:
        names = [*names[:-1], *_own_names()]
    os.environ["RAPPORT_ALLOWED_HOSTS"] = ",".join(dict.fromkeys(filter(None, names)))


def _own_names() -> list[str]:
    """Names by which others in the same network may reach this machine."""
    name = socket.gethostname()
    names = [name, f"{name}.local"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: nothing is sent, the kernel only picks a route
            names.append(probe.getsockname()[0])
        except OSError:
            pass
    return names


class Welcome:
    """The two children, and the moment the first of them answers: then the person is told where to go."""

    def __init__(self, place: Place, folder: Path, *, browser: bool) -> None:
        self.place, self.folder, self.browser = place, folder, browser
        self.facts_path = folder / "tmp" / "start.json"
        web = [
            sys.executable,
            "-m",
            "rapport.project.web",
            "--host",
            place.host or "0.0.0.0",
            "--port",
            str(place.port),
        ]
        self.web = Child("The web server", [*web, "--base-url", place.base_url, "--facts", str(self.facts_path)])
        # It needs the migrations, and on two cores it would only slow the first page down.
        self.runner = Child("The job runner", [sys.executable, "-m", "rapport", "work"], is_held_back=True)
        self.has_answered = False
        self.has_failed = False

    def when_tick(self) -> float:
        """Ask the server until it answers once; returns how long the supervisor may sleep."""
        if self.has_answered:
            return IDLE_SECONDS
        if self._answers():
            self._greet()
            return IDLE_SECONDS
        return 0.03

    def is_over(self, child: Child, code: int) -> bool:
        """A web server that says it cannot, or that never answered, will not do so on the third try either."""
        if child is not self.web or self.has_answered:
            return False
        if code == NOT_READY:  # it has said why
            self.has_failed = True
        elif child.quick_deaths > 2:
            print("The web server could not be started; the lines above say why.", file=sys.stderr)
            self.has_failed = True
        return self.has_failed

    def _answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.place.host, self.place.host)
        connection = http.client.HTTPConnection(host, self.place.port, timeout=2)
        try:
            connection.request("GET", "/livez", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _greet(self) -> None:
        self.has_answered = True
        self.runner.is_held_back = False
        facts = json.loads(self.facts_path.read_text(encoding="utf-8"))
        self.facts_path.unlink()
        # Started again after a crash, it has nothing to tell: no second link, no secret left in a file.
        self.web.command = self.web.command[: self.web.command.index("--facts")]
        link = facts["setup_link"]
        print(f"Rapport {__version__} is running.")
        print(f"  Address      {self.place.base_url}/")
        if link:
            print(f"  Set-up link  {link}")
            print("               (works once; whoever opens it becomes the owner)")
        print(f"  Data         {self.folder}  ({facts['database']})")
        print("  Stop         Ctrl-C", flush=True)
        if self.browser and _has_screen():
            webbrowser.open(link or self.place.base_url)


def _has_screen() -> bool:
    """Is there a person with a graphical browser at this terminal? A text browser would take the terminal over."""
    has_display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stdout.isatty() and bool(has_display)
