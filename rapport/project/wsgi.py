"""What a web server worker loads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from rapport.project.orphans import die_with_supervisor
from rapport.project.sqlite import use_bundled_sqlite

die_with_supervisor()
use_bundled_sqlite()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
application = get_wsgi_application()
