"""Ends the playbook when its time is over or when the agent asks, also when the agent is gone.

It uses signals and a timer of the worker's only thread: ansible-runner forks, and forking with threads is a way into a deadlock.
ansible-playbook gets SIGTERM first, because its own handler ends all it started, in about a tenth of a second; what is left
after the grace is killed, again and again until nothing is.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

from mendwatch.playbooks import processes
from mendwatch.playbooks.interface import Ending

#: Seconds between asking and killing.
GRACE = 0.4


class Watchdog:
    """Watches over the descendants of this process from `start` to `stop`."""

    def __init__(self) -> None:
        #: Why the playbook was ended, or None while it was not.
        self.ending: Ending | None = None

    def start(self, seconds: float) -> None:
        """Begin to count; a time that is over already ends the playbook as soon as it is there."""
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.signal(signal.SIGTERM, self._on_request)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))

    def stop(self) -> None:
        """Stop for good: from here on the worker ends by itself and no signal changes its verdict."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _on_request(self, _number: int, _frame: FrameType | None) -> None:
        self._end(Ending.CANCELLED)

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        self._end(Ending.TIMED_OUT)

    def _end(self, why: Ending) -> None:
        me = os.getpid()
        if self.ending is None:
            self.ending = why
            processes.signal_all(lambda: processes.children(me), signal.SIGTERM)
        else:
            processes.signal_all(lambda: processes.descendants(me), signal.SIGKILL)
        signal.setitimer(signal.ITIMER_REAL, GRACE)
