"""A real OpenID Connect provider for the tests: Django with allauth's own `allauth.idp.oidc`, in a process of its own.

    python -m tests.sso.provider PORT FOLDER

It serves at http://localhost:PORT until it is ended. Its one client is "rapport"; its people all have the password below.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from wsgiref.simple_server import make_server

CLIENT_ID, CLIENT_SECRET, PASSWORD = "rapport", "a-secret-for-tests-only", "provider password 1"


def configure(port: int, folder: Path) -> None:
    """Settings of the provider, and its database."""
    import django
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings.configure(
        SECRET_KEY="provider" * 8, DEBUG=False, ALLOWED_HOSTS=["localhost"], ROOT_URLCONF=__name__, USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "provider.sqlite3")}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                        "django.contrib.messages", "allauth", "allauth.account", "allauth.idp.oidc"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware",
                    "django.contrib.messages.middleware.MessageMiddleware",
                    "allauth.account.middleware.AccountMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
            "context_processors": ["django.template.context_processors.request",
                                   "django.contrib.auth.context_processors.auth",
                                   "django.contrib.messages.context_processors.messages"]}}],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ACCOUNT_EMAIL_VERIFICATION="none", ACCOUNT_LOGIN_METHODS={"username"}, ACCOUNT_RATE_LIMITS=False,
        ACCOUNT_SIGNUP_FIELDS=["username*", "email*", "password1*"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], LOGIN_URL="/accounts/login/",
        IDP_OIDC_PRIVATE_KEY=key.decode(), DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SESSION_COOKIE_NAME="provider_session", STATIC_URL="/static/", LOGIN_REDIRECT_URL="/",
        SERVED_AT=f"http://localhost:{port}",
    )  # fmt: skip
    django.setup()


def fill() -> None:
    """The client and nobody else; people come by POST /people, addresses to come back to by POST /callbacks."""
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    Client.objects.create(
        id=CLIENT_ID, name="Rapport", secret=make_password(CLIENT_SECRET), scopes="openid\nprofile\nemail",
        response_types="code", skip_consent=True,
    )  # fmt: skip


def people(request):  # type: ignore[no-untyped-def]
    """Add or change a person, for the tests: {"username": …, "email": …, "verified": …}."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import User
    from django.http import JsonResponse

    given = json.loads(request.body)
    user, _is_new = User.objects.get_or_create(username=given["username"])
    user.set_password(PASSWORD)
    user.email = given["email"]
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=given["email"], verified=given["verified"], primary=True)
    return JsonResponse({"id": user.pk})


def callbacks(request):  # type: ignore[no-untyped-def]
    """Let the client come back to a further address, as somebody would write it down at a provider."""
    from allauth.idp.oidc.models import Client
    from django.http import JsonResponse

    client = Client.objects.get()
    client.redirect_uris = f"{client.redirect_uris}\n{request.body.decode()}".strip()
    client.save()
    return JsonResponse({})


def __getattr__(name: str) -> object:
    """`urlpatterns`, made when Django asks for them: the settings come first."""
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import include, path

    return [
        path("people", people),
        path("callbacks", callbacks),
        path("accounts/", include("allauth.urls")),
        path("", include("allauth.idp.urls")),
    ]


def main() -> None:
    """Serve."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    configure(port, folder)
    fill()
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    with make_server("127.0.0.1", port, application) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
