"""A real IMAP server for the tests: Dovecot as a throw-away process with its own folder, port and passwords."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from tests.platform.programs import find_dovecot

PASSWORD = "pass-wörd"


class Dovecot:
    """The running server. Any user name works, with the one password; each has mail of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        program = find_dovecot()
        assert program is not None
        config = folder / "dovecot.conf"
        self._prepare(config)
        self.log = (folder / "out.txt").open("wb")
        self.process = subprocess.Popen([program, "-F", "-c", str(config)], stdout=self.log, stderr=self.log)
        self._wait()

    def _prepare(self, config: Path) -> None:
        is_root = os.getuid() == 0
        # Dovecot gives mail to no root: run by root, it keeps the mail under the first ordinary name there is.
        person = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        if is_root:
            os.chown(self.folder / "mail", person.pw_uid, person.pw_gid)
            self.folder.chmod(0o711)
        group = "" if not is_root else "default_internal_user = dovecot\ndefault_login_user = dovenull\n"
        own = f"default_internal_user = {person.pw_name}\ndefault_login_user = {person.pw_name}\n" if not is_root else group
        own += f"default_internal_group = {grp.getgrgid(person.pw_gid).gr_name if not is_root else 'dovecot'}\n"
        config.write_text(
            f"""{own}protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log.txt
mail_location = maildir:{self.folder}/mail/%u
first_valid_uid = 1
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 50
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={person.pw_uid} gid={person.pw_gid} home={self.folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
"""
        )

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "out.txt").read_text() + _tail(self.folder / "log.txt"))
            try:
                self.client("probe").logout()
                return
            except (OSError, imaplib.IMAP4.error):
                time.sleep(0.05)
        raise RuntimeError("Dovecot does not answer.\n" + _tail(self.folder / "log.txt"))

    def client(self, user: str) -> imaplib.IMAP4:
        """A client of the user's own, as their mail program would be."""
        found = imaplib.IMAP4("127.0.0.1", self.port, 10)
        found.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{PASSWORD}".encode())
        return found

    def put(self, user: str, messages: Iterable[bytes], folder: str = "INBOX") -> None:
        """Lay messages into a folder."""
        client = self.client(user)
        for one in messages:
            answer, said = client.append(folder, "", "", one)
            assert answer == "OK", said
        client.logout()

    def stop(self) -> None:
        """End the server and its children."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.log.close()


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
