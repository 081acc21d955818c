"""Setting up: a fresh installation, a workspace with its roles and starting records, its owner."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.access.chart import access_changed
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, Role, User, Workspace
from rapport.kernel.access.tokens import create_setup_secret
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry

#: The roles every workspace starts with. They are data: an owner may change them.
ROLES = {
    "owner": "Owner", "management": "Management", "sales": "Sales", "marketing": "Marketing", "support": "Support",
    "back_office": "Back office", "external": "External",
}  # fmt: skip

Seeder = Callable[[Context], None]
_seeders: list[Seeder] = []


def workspace_seed(function: Seeder) -> Seeder:
    """Register what a new workspace starts with (pipelines, stages); called once, as the named system."""
    _seeders.append(function)
    return function


def setup_needed() -> bool:
    """Whether this installation has no workspace yet."""
    return not Workspace.objects.exists()


def new_setup_link(base_url: str) -> str:
    """The one-time link that opens the set-up page."""
    return f"{base_url.rstrip('/')}/setup/{create_setup_secret()}"


def create_workspace(
    name: str, *, owner_name: str, email: str, password: str, currency: str = "EUR", country: str = "IE",
    language: str = "en", time_zone: str = "UTC", is_sample: bool = False, account: Account | None = None,
) -> tuple[Workspace, User]:  # fmt: skip
    """A workspace with its roles, seeds and an owner who can sign in, with a new account or one that is there already.
    Raises Invalid with a sentence per field."""
    email = check_sign_up(name, owner_name, email, password) if account is None else account.email
    with transaction.atomic():
        workspace = Workspace.objects.create(
            name=name.strip(), currency=currency, country=country, language=language, time_zone=time_zone,
            is_sample=is_sample,
        )  # fmt: skip
        with use_workspace(workspace):
            ctx = system_context(workspace, "set-up")
            roles = {key: ctx.create("role", name=label, key=key) for key, label in ROLES.items()}
            for key, role in roles.items():
                rights, groups = seeded_rights(key)
                # Rights are no field anybody types; the permission page (a later issue) writes them by an action.
                Role.objects.filter(pk=role.pk).update(rights=rights, field_groups=groups)
            owner = add_user(ctx, owner_name, email=email, role_key="owner", password=password)
            if account is not None:
                User.objects.filter(pk=owner.pk).update(account=account)
                owner.refresh_from_db()
            for seed in _seeders:
                seed(ctx)
    return workspace, owner


def check_sign_up(name: str, owner_name: str, email: str, password: str) -> str:
    """The folded e-mail; raises Invalid with a sentence for every field that will not do."""
    errors: dict[str, object] = {}
    if not name.strip():
        errors["workspace"] = _("Enter the name of your company.")
    if not owner_name.strip():
        errors["name"] = _("Enter your name.")
    try:
        validate_email(email.strip())
    except ValidationError:
        errors["email"] = _("Enter a whole e-mail address, such as ann@example.com.")
    if Account.objects.filter(email=email.strip().casefold()).exists():
        errors["email"] = _("This address is in use here already; sign in with it.")
    try:
        validate_password(password, Account(email=email))
    except ValidationError as wrong:
        errors["password"] = " ".join(wrong.messages)
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    return email.strip().casefold()


def add_user(ctx: Context, name: str, *, email: str = "", role_key: str = "sales", password: str = "", **more: object) -> User:
    """A user with a role; with a password also the account to sign in with."""
    user = ctx.create("user", name=name, email=email, **more)
    assert isinstance(user, User)
    account = None
    if password:
        account = Account(email=email.casefold())
        account.set_password(password)
        account.save()
    role = Role.objects.get(key=role_key)
    # Role and account are no fields anybody types: who may grant what is checked where they are given.
    User.objects.filter(pk=user.pk).update(role=role, account=account)
    access_changed(ctx.workspace)
    user.refresh_from_db()
    return user


def round_off(granted: dict[str, str]) -> None:
    """Whoever may change records may hand them over and change many at once as far, and share their own, unless said
    otherwise: rights that were part of "edit" before they had names."""
    if "edit" in granted and "*" not in granted:
        for verb, scope in (("reassign", granted["edit"]), ("mass_edit", granted["edit"]), ("share", "own")):
            granted.setdefault(verb, scope)


def seeded_rights(role_key: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Rights and field groups of a seeded role, collected from the `grants` of every type."""
    if role_key == "owner":
        return {"*": {"*": "all"}}, {"*": "edit"}
    rights: dict[str, dict[str, str]] = {}
    groups: dict[str, str] = {}
    for info in registry.all():
        text = info.declared.grants.get(role_key)
        if text is None:
            continue
        granted = rights.setdefault(info.key, {})
        for word in text.split():
            if word[0] in "+~":
                groups[word[1:]] = "edit" if word[0] == "+" else "read"
            else:
                verb, _colon, scope = word.partition(":")
                granted[verb] = scope or "all"
        round_off(granted)
    return rights, groups
