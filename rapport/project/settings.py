"""Django settings of Rapport. What an operator may set is an environment variable named here, and nowhere else.

RAPPORT_DATA            data folder (SQLite database, uploaded files, secret key); default ./data
DATABASE_URL            postgres://user:password@host:port/name ; without it SQLite in the data folder
RAPPORT_BASE_URL        the address people type, such as https://crm.example.com ; https turns secure cookies on
RAPPORT_ALLOWED_HOSTS   further host names, separated by commas
RAPPORT_ADD_ONS         further modules (importable packages), separated by commas
RAPPORT_SECRET_KEY      instead of the key file in the data folder
RAPPORT_ALLOW_SUPERUSER 1 to work as a PostgreSQL role that steps over row-level security; one's own machine only
RAPPORT_DEBUG           1 for people who develop Rapport; never on a machine others can reach
RAPPORT_LOG_LEVEL       DEBUG, INFO, WARNING (default), ERROR
RAPPORT_MAIL_URL        smtp://user:password@host:port or smtps://… ; without it mails are written to data/mail
RAPPORT_MAIL_FROM       the sender of those mails; default rapport@ the host of the base URL
RAPPORT_TRUSTED_PROXIES how many proxies stand in front and add X-Forwarded-For; default 0: that header is not believed
RAPPORT_API_RATE        requests a minute that one API token may send; default 0: as many as it likes
RAPPORT_OPEN_WORKSPACES 1 lets everybody who signed in make a further workspace
RAPPORT_BACKUPS         folder of the backups that are made each hour, such as a mounted disk; default data/backups with SQLite,
                        none with PostgreSQL; "off" for none
RAPPORT_BACKUP_PASSPHRASE_FILE  seals those backups with the first line of this file
RAPPORT_ALLOW_PRIVATE_EGRESS  1 lets the sign-in provider of a workspace stand on a private address
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rapport.project.data_folder import default_data_folder, prepare_data_folder, secret_keys
from rapport.project.databases import database_settings
from rapport.project.installed import PACKAGE, rapport_apps, template_folders
from rapport.project.logs import logging_settings
from rapport.project.mail import mail_settings
from rapport.project.sqlite import refuse_unsafe_sqlite, use_bundled_sqlite
from rapport.project.translations import compile_where_stale

DEBUG = os.environ.get("RAPPORT_DEBUG") == "1"

# ---- Data ----
DATA: Path = default_data_folder()
prepare_data_folder(DATA)
SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys(DATA)
MEDIA_ROOT = DATA / "files"  # served by views that check rights, never as static files: there is no MEDIA_URL
FILE_UPLOAD_TEMP_DIR = str(DATA / "tmp")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASES: dict[str, dict[str, Any]] = {"default": database_settings(DATABASE_URL, DATA)}
if not DATABASE_URL:
    use_bundled_sqlite()
    refuse_unsafe_sqlite()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BACKUPS = os.environ.get("RAPPORT_BACKUPS", "").strip()
BACKUP_PASSPHRASE_FILE = os.environ.get("RAPPORT_BACKUP_PASSPHRASE_FILE", "").strip()

# ---- Address ----
BASE_URL = os.environ.get("RAPPORT_BASE_URL", "").rstrip("/")
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS += [host for host in [_base.hostname] if host]
ALLOWED_HOSTS += [host.strip() for host in os.environ.get("RAPPORT_ALLOWED_HOSTS", "").split(",") if host.strip()]
IS_HTTPS = _base.scheme == "https"
if IS_HTTPS:
    CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]
    # TLS ends at a proxy in front; only then is its word about the scheme taken.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked by this machine itself, without TLS
    # Browsers take cookies of this name only over TLS, for all paths and from no other host of the domain.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
# Whether browsers ship with this address as "https only" is the owner's decision, not a setting's.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

# ---- Apps ----
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # For second factors, passkeys and OpenID Connect; none of their own pages is reachable (surfaces/web/signing_in).
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *rapport_apps(),
]
ROOT_URLCONF = "rapport.project.urls"
WSGI_APPLICATION = "rapport.project.wsgi.application"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "rapport.surfaces.web.middleware.SecurityHeaders",  # before whitenoise: files need the headers too
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages are packed too: it took the first visit of a list from 171 kB to 92 kB (tests/browser/test_page_weight_browser.py).
    # Django adds bytes of random length, and the tokens in pages are masked anew each time, so the length of a packed page
    # tells nothing (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "rapport.surfaces.web.closed.ClosedForUpgrade",  # before anything that asks the database
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rapport.surfaces.web.middleware.ContextMiddleware",
]

TASKS = {"default": {"BACKEND": "rapport.kernel.jobs.backend.JobBackend"}}

# ---- Pages ----
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": template_folders(),
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "rapport.surfaces.web.jinja.environment",
            "context_processors": ["rapport.surfaces.web.jinja.csrf_once"],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
WHITENOISE_USE_FINDERS = True  # straight from the package: nothing to collect, so no STATIC_ROOT
WHITENOISE_AUTOREFRESH = DEBUG
# vite puts a hash of the content into every name under build/assets, so browsers may keep those for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/build/assets/"

# ---- Sign-in, cookies, headers ----
AUTH_USER_MODEL = "kernel.Account"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = int(os.environ.get("RAPPORT_TRUSTED_PROXIES", "0") or 0)
API_RATE = int(os.environ.get("RAPPORT_API_RATE", "0") or 0)
OPEN_WORKSPACES = os.environ.get("RAPPORT_OPEN_WORKSPACES") == "1"
ALLOW_PRIVATE_EGRESS = os.environ.get("RAPPORT_ALLOW_PRIVATE_EGRESS") == "1"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# allauth as an engine: who may come in is decided in rapport/surfaces/web/signing_in, nobody signs up by themselves.
ACCOUNT_ADAPTER = "rapport.surfaces.web.signing_in.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # counted in our own table: sign_in_limit.py
SOCIALACCOUNT_ADAPTER = "rapport.surfaces.web.signing_in.adapters.SocialAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
MFA_ADAPTER = "rapport.surfaces.web.signing_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_TOLERANCE = 1

# ---- Mail ----
_mail = mail_settings(os.environ.get("RAPPORT_MAIL_URL", ""), DATA)
MAIL_REACHES_PEOPLE: bool = _mail.reaches_people
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail.backend, _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_SSL, EMAIL_USE_TLS, EMAIL_TIMEOUT = _mail.use_ssl, _mail.use_tls, 10
EMAIL_FILE_PATH = str(DATA / "mail")
DEFAULT_FROM_EMAIL = os.environ.get("RAPPORT_MAIL_FROM", "") or f"Rapport <rapport@{_base.hostname or 'localhost'}>"

# ---- Language and time ----
LANGUAGE_CODE = "en"
# A language joins when its translation is complete (tests/test_languages.py): half-translated pages read badly.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]
LOCALE_PATHS = [PACKAGE / "locale"]
compile_where_stale(PACKAGE / "locale")
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = logging_settings(os.environ.get("RAPPORT_LOG_LEVEL", "WARNING"))
