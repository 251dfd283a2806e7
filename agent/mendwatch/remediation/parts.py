"""What the engine is built from, and the two promises that `service` keeps for it: to measure anew, and to give access.

The engine must not know polling, alerting, providers or the configuration; it knows these protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from mendwatch.clock import Clock
from mendwatch.model.notices import Announce
from mendwatch.model.proposals import Verdict
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Rule
from mendwatch.model.samples import Event
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Executor
from mendwatch.store.interface import Store

#: The two accounts of a target: read polls and plans, write is used inside an approved run only.
Tier = Literal["read", "write"]

#: Who the engine is in the audit.
AGENT = "agent:remediation"
#: Who approves where a rule's mode is auto.
AUTO = "auto"


class Judge(Protocol):
    """Measures anew. Both questions make a fresh poll first; a verdict without data has `holds` None."""

    async def still_firing(self, rule: Rule, fingerprint: str) -> Verdict:
        """Tell whether the rule's condition still holds for its subject."""
        ...

    async def verify(self, rule: Rule, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether the rule's `verify.when` holds on a record measured at or after `since`."""
        ...

    def held(self, rule: Rule, fingerprint: str) -> str:
        """Say what holds the remediation of an alert back now (a silence, a freeze, flapping, another alert); empty: nothing."""
        ...

    async def open_events(self, target: str, kind: str) -> Sequence[Event] | None:
        """Give the events of one kind that hold on a target now; None while they are not known."""
        ...


class Access(Protocol):
    """Targets and their accounts."""

    def target(self, target_id: str) -> Target:
        """Give a target by its id. Raises NotFound."""
        ...

    def has(self, target: Target, tier: Tier) -> bool:
        """Tell whether an account of that tier is configured, without reading its secret."""
        ...

    def environment(self, target: Target, tier: Tier) -> Mapping[str, str] | None:
        """Give the environment with connection and secret, or None without such an account; asked late, kept nowhere.

        Raises:
            ConfigurationError: the secret cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Figures of the engine, times in seconds."""

    concurrent: int = 2  # playbooks at a time: each costs a core
    look: float = 0.2  # between two looks at the store: a decision may come from another process
    unasked: float = 5.0  # how long it is not asked at most while its version says that nothing has changed
    first_pause: float = 1.0  # between two measurements after a change; doubles each time ...
    longest_pause: float = 15.0  # ... up to this
    interrupted_within: float = 30.0  # how long a run that was cut off may miss its goal: nothing works on it any more
    hold: float = 2.0  # before a run that could not start now is tried again
    grace: float = 15.0  # how long a stopping agent lets a playbook come to its end


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the engine uses. `rules` looks a rule up by its name.

    `enabled` is the kill switch of the configuration; `stop_file` says why the one in the state folder is on, None where it is not.
    Both are asked every time.
    """

    store: Store
    executor: Executor
    catalogue: Mapping[str, Remediation]
    rules: Callable[[str], Rule | None]
    judge: Judge
    access: Access
    clock: Clock
    announce: Announce
    enabled: Callable[[], bool] = lambda: True
    stop_file: Callable[[], str | None] = lambda: None
    limits: Limits = field(default=Limits())
