"""A rule in plain sentences, for whoever reads the list of rules."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.engines.followups.models import FollowUpRule


def span_words(amount: int, unit: str) -> str:
    """ "4 months"."""
    words = {
        "hours": ngettext("%(count)d hour", "%(count)d hours", amount),
        "days": ngettext("%(count)d day", "%(count)d days", amount),
        "weeks": ngettext("%(count)d week", "%(count)d weeks", amount),
        "months": ngettext("%(count)d month", "%(count)d months", amount),
    }
    return words[unit] % {"count": amount}


def when_words(rule: FollowUpRule, label: object, field: object) -> str:
    """When the rule falls due. `label` is what the type is called, `field` what the date is called."""
    named = {"span": span_words(rule.amount, rule.unit), "field": field, "type": label}
    if rule.mode == "quiet":
        return _("When %(span)s have passed since “%(field)s” of a %(type)s and nothing changed it") % named
    if rule.mode == "yearly" and not rule.amount:
        return _("Every year on “%(field)s” of a %(type)s") % named
    if not rule.amount:
        return _("On “%(field)s” of a %(type)s") % named
    if rule.mode == "yearly":
        before = _("Every year %(span)s before “%(field)s” of a %(type)s") % named
        return before if rule.side == "before" else _("Every year %(span)s after “%(field)s” of a %(type)s") % named
    return (
        _("%(span)s before “%(field)s” of a %(type)s") if rule.side == "before" else _("%(span)s after “%(field)s” of a %(type)s")
    ) % named


def what_words(rule: FollowUpRule, person: str) -> str:
    """What it makes, and for whom."""
    named = {"subject": rule.subject, "person": person}
    if rule.give_to == "person":
        return _("It makes the task “%(subject)s” for %(person)s.") % named
    if rule.give_to == "manager":
        return _("It makes the task “%(subject)s” for the manager of the owner.") % named
    if rule.give_to == "team":
        return _("It makes the task “%(subject)s” for the team of the record.") % named
    return _("It makes the task “%(subject)s” for the owner of the record.") % named


def due_words(rule: FollowUpRule) -> str:
    """When the task is due."""
    if not rule.due_days:
        return _("It is due on the same day.")
    return ngettext("It is due %(count)d day later.", "It is due %(count)d days later.", rule.due_days) % {"count": rule.due_days}
