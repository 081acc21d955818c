"""The mail that asks: plain text and simple HTML, each score a link. A job sends what is due, each question at most once."""

from __future__ import annotations

from django.conf import settings
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.rating.desk import Letter, desk
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.surfaces.web.help.answering import is_rtl
from rapport.surfaces.web.signing_in import mails

#: Mails for one workspace in one turn, so that no company keeps the others waiting.
_AT_ONCE = 100


@every(seconds=60)
@job(max_attempts=1, name="web.ask_for_ratings")
def ask_everywhere(job_ctx: JobContext) -> int:
    """In every workspace, what is due."""
    sent = 0
    for workspace in Workspace.objects.all():
        if job_ctx.should_stop:
            break
        with use_workspace(workspace):
            sent += ask_workspace(workspace, job_ctx)
    return sent


def ask_workspace(workspace: Workspace, job_ctx: JobContext | None = None) -> int:
    """Send what is due. It is marked as sent before it goes: killed in between, nobody is asked twice."""
    sent = 0
    for ask in desk().due(workspace, _AT_ONCE):
        if job_ctx is not None and job_ctx.should_stop:
            break
        letter = desk().claim(workspace, ask)
        if letter is None:
            continue
        if _send(letter):
            sent += 1
        else:
            desk().returned(workspace, ask)
    return sent


def _send(letter: Letter) -> bool:
    asked = letter.asked
    base = f"{settings.BASE_URL or 'http://localhost'}/rate/{letter.token}"
    with translation.override(asked.language):
        subject = _("How was it? A question from %(company)s") % {"company": asked.company}
        values = {
            "asked": asked,
            "base": base,
            "language": asked.language,
            "direction": "rtl" if is_rtl(asked.language) else "ltr",
        }
        html = loader.render_to_string("rating/mail.html", values)
        headers = {"List-Unsubscribe": f"<{base}/stop>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return mails.send(letter.to, subject, _text(letter, base), headers=headers, html=html)


def _text(letter: Letter, base: str) -> str:
    asked = letter.asked
    last = len(asked.scores) - 1
    lines = []
    for at, score in enumerate(asked.scores):
        words = asked.low_words if at == 0 else asked.high_words if at == last else ""
        words = "" if asked.is_yes_or_no else words
        lines.append(f"{asked.word(score)}{f' ({words})' if words else ''}: {base}?score={score}")
    about = [_("About: %(subject)s") % {"subject": mails.one_line(asked.about)}] if asked.about else []
    end = _("No more questions of this kind: %(link)s") % {"link": f"{base}/stop"}
    return "\n\n".join([asked.question, *about, "\n".join(lines), mails.one_line(asked.company), end]) + "\n"
