"""Settings of the tests: the real ones on a throw-away data folder, with a few changes that only save time."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# The controller of xdist makes the folder and its workers inherit the name; each worker has a part of its own.
if "RAPPORT_TEST_DATA" not in os.environ:
    os.environ["RAPPORT_TEST_DATA"] = tempfile.mkdtemp(prefix="rapport-test-")
    atexit.register(shutil.rmtree, os.environ["RAPPORT_TEST_DATA"], ignore_errors=True)
os.environ["RAPPORT_DATA"] = str(
    Path(os.environ["RAPPORT_TEST_DATA"]) / os.environ.get("PYTEST_XDIST_WORKER", "controller")
)
os.environ.setdefault("RAPPORT_SECRET_KEY", "only-for-tests-" + "x" * 40)

from rapport.project.settings import *  # noqa: F403
from rapport.project.settings import DATA, DATABASES, INSTALLED_APPS

INSTALLED_APPS = ["tests.platform.emptying", *INSTALLED_APPS]

# A file, not memory: live servers and other threads open connections of their own.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
    # Durability is tested on real servers; here every commit would wait for the disk.
    DATABASES["default"]["OPTIONS"]["init_command"] += ";PRAGMA synchronous=OFF"
else:
    DATABASES["default"]["TEST"] = {"NAME": "test_rapport"}
DATABASES["default"]["CONN_MAX_AGE"] = 0

# Argon2 takes 180 ms for each account a test makes; real servers started by tests use it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
