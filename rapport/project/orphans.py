"""No process of Rapport outlives its parent.

Measured: when granian's parent is killed with -9 its workers live on, keep the port, and a second start succeeds beside
them, so two versions of the code serve. On Linux the kernel ends the child (SIGKILL: SIGTERM left one alive); elsewhere
a thread watches the parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
SUPERVISOR = "RAPPORT_SUPERVISOR"


def environment_for_child() -> dict[str, str]:
    """The environment of a child that calls `die_with_supervisor`: it names this process."""
    return {**os.environ, SUPERVISOR: str(os.getpid())}


def die_with_supervisor() -> None:
    """End this process as soon as the one that started it is gone; does nothing when it was started by hand.

    Call it from the main thread of the child. The name is taken out of the environment, so that commands this process
    starts on its own are not bound to the grandparent.
    """
    supervisor = os.environ.pop(SUPERVISOR, "")
    if not supervisor:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(supervisor):  # it died before the call above
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(int(supervisor),), name="watch-supervisor", daemon=True).start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
