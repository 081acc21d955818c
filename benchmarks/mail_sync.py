"""How fast a mailbox is read the first time: `python -m benchmarks.mail_sync [--rows N] [--databases sqlite,postgresql]`.

A Dovecot of its own holds N messages, laid into its maildir as files: a third with HTML, a tenth with a file, answers among
them, from 500 people who are written down and 500 who are not. The mailbox is read as its job reads it, turn by turn.
Messages a second are of all messages seen; memory is the most this process ever held.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import random
import resource
import sys
import time
from pathlib import Path

from benchmarks.import_file import measured

_WORDS = "order offer machine delivery coffee price meeting tomorrow please thanks invoice visit spring valve cup group".split()
USER = "bench"


def main() -> int:
    """Measure, in a process per database."""
    return measured("benchmarks.mail_sync", __doc__, measure)


def write_maildir(folder: Path, rows: int, owner: Path) -> None:
    """Lay messages into a maildir, oldest first."""
    from tests.mail.letters import letter

    drawn = random.Random(11)
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for n in range(rows):
        text = " ".join(drawn.choices(_WORDS, k=drawn.randint(30, 250)))
        sender = f"Person {n % 1000} <p{n % 1000}@firm{n % 97}.example>"
        answers = str(drawn.randrange(n)) if n and n % 3 == 0 else ""
        data = letter(
            n, sender=sender, to="Ana <ana@bench.example>", subject=text[:50], text=text, answers=answers,
            html=f"<p>{text}</p>" if n % 3 == 1 else "", file=("offer.pdf", os.urandom(20_000)) if n % 10 == 0 else None,
        )  # fmt: skip
        (folder / "new" / f"{1_700_000_000 + n}.{n}.bench").write_bytes(data)
    stat = owner.stat()
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, stat.st_uid, stat.st_gid)


def measure(folder: Path, rows: int, *, with_profile: bool) -> None:
    """The first reading of a mailbox, and one look at it afterwards."""
    from django.db import connection

    from rapport.engines.mail.models import MailboxState, SeenMessage
    from rapport.engines.mail.secrets import seal
    from rapport.engines.mail.turns import take_turn_at
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace
    from rapport.kernel.context import system_context
    from rapport.modules.mail.models import Mail
    from tests.mail.dovecot import PASSWORD, Dovecot

    os.environ["RAPPORT_ALLOW_PRIVATE_EGRESS"] = "1"
    workspace, ana = create_workspace("Bench", owner_name="Ana", email="ana@bench.example", password="correct horse battery")
    print(f"\n{connection.vendor}, {rows:,} messages", flush=True)
    folder.chmod(0o711)
    server = Dovecot(folder)
    try:
        write_maildir(folder / "mail" / USER, rows, folder / "mail")
        with use_workspace(workspace):
            ctx = system_context(workspace, "bench")
            people = [
                {"kind": "person", "name": f"Person {n}", "emails": [f"p{n}@firm{n % 97}.example"]} for n in range(0, 1000, 2)
            ]
            ctx.create_many("customer", people)
            box = ctx.create(
                "mailbox", name="Ana", address="ana@bench.example", owner=ana.pk, imap_host="127.0.0.1", imap_port=server.port,
                imap_security="none", user_name=USER, creates="never",
            )  # fmt: skip
            MailboxState.objects.filter(mailbox_id=box.pk).update(secret=seal(PASSWORD))
            profile = cProfile.Profile() if with_profile else None
            if profile:
                profile.enable()
            before, started, turns, more = _memory(), time.perf_counter(), 0, True
            while more:
                run = take_turn_at(workspace, box.pk)
                assert run is not None, MailboxState.objects.get(mailbox_id=box.pk).problem
                turns, more = turns + 1, run.more
            if profile:
                profile.disable()
                pstats.Stats(profile).sort_stats("tottime").print_stats(40)
            seconds, seen = time.perf_counter() - started, SeenMessage.objects.count()
            assert seen == rows, f"{seen} of {rows} messages stand in the ledger"
            print(
                f"first reading: {seconds:.1f} s, {rows / seconds:,.0f} messages/s, {Mail.objects.count():,} kept, {turns} turns"
            )
            print(f"memory: {before} MB before, {_memory()} MB at most")
            started = time.perf_counter()
            take_turn_at(workspace, box.pk)
            print(f"nothing new: {(time.perf_counter() - started) * 1000:.0f} ms", flush=True)
    finally:
        server.stop()


def _memory() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (2**20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
