"""What can be wrong with a mailbox, each in one sentence that says how to mend it."""

from __future__ import annotations

from django.utils.translation import gettext as _

#: Waiting does not mend these: somebody has to do something.
NEEDS_HANDS = ("password", "no_secret", "token")


class MailProblem(Exception):
    """A server did not do what was asked; `code` is one of the sentences below."""

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(f"{code} {said}".strip())
        self.code, self.said = code, said


def sentence(code: str, *, outgoing: bool = False) -> str:
    """The problem for people."""
    told = {
        "password": _("The server refuses the user name or the password. Type the password again."),
        "no_secret": _("There is no password for this server yet. Type it."),
        "token": _("The provider refuses the refresh token. Connect the mailbox again and type the new one."),
        "unreachable": _("The server cannot be reached. Check its name, its port and the encryption."),
        "unsafe": _("The server offers no encryption, so nothing was sent to it. Choose another port or encryption."),
        "protocol": _("The server answered in a way that is not understood. It is tried again by itself."),
        "folder": _("A folder does not exist on the server. Check the names of the folders."),
        "no_server": _("This mailbox sends no mail any more: it is switched off, or has no outgoing server."),
        "not_allowed": _("Whoever wrote this may not send through this mailbox any more."),
        "receiver": _("The server refuses one of the receivers. Correct the address and send it again."),
        "too_large": _("The message is larger than the server takes. Send it with fewer or smaller files."),
        "file_gone": _("A file of this message is not there any more. Choose it again and send the message again."),
        "broken": _("This message cannot be written down as mail. Copy its words into a new one."),
        "uncertain": _(
            "The connection broke before the server answered, so nobody knows whether it went out. Ask a receiver, or look into "
            "the folder of sent mail, before you send it again."
        ),
        "restored": _(
            "Rapport was restored from a backup in which this message still waited, so it may have gone out since. Look into the "
            "folder of sent mail before you send it again."
        ),
        "bounced": _("It could not be delivered."),
        "delayed": _("It is delayed; the servers on the way still try."),
        "refused": _("The server refuses to send this message. Check the receivers and the size."),
    }
    found = told.get(code, "")
    return _("Sending: %(problem)s") % {"problem": found} if outgoing and found else found
