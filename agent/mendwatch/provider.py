"""The contract between the agent and the code for one kind of infrastructure.

A provider sees this module, `model`, `errors`, `clock` and nothing else of the agent. The agent finds providers by the
entry point group `mendwatch.providers`, whose objects are Provider instances.

The core does for every collector: schedule, timeout, timing, success metric, logging, standing by and error
mapping. A collector only reads and returns. Raise the types of `mendwatch.errors`; anything else is counted
as a bug.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from mendwatch.model.samples import Event, MetricSpec, Reading, RecordSchema
from mendwatch.model.targets import Credential, Identity, Target


class Session(Protocol):
    """An open conversation with one target, shared by all its collectors.

    Opening is lazy: the first request logs in. The core calls `close` exactly once.
    """

    async def identify(self) -> Identity:
        """Ask the target what it is; also the reachability of its API."""
        ...

    async def close(self) -> None:
        """Log out and let go of every connection; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class CollectorSpec:
    """What the core needs to know of a collector before it runs.

    `interval` and `timeout` are seconds; the configuration may override the interval. `metrics` are all that the
    collector can ever give. `schemas` are the record types that rules can name with `on:`. `budget` is the most series that
    one poll may give; a poll that gives more fails, visibly and as a whole, and the configuration may raise it. `privileges`
    are those that the read account needs, in the target's own words.
    """

    name: str
    interval: float
    timeout: float
    metrics: tuple[MetricSpec, ...]
    schemas: tuple[RecordSchema, ...] = ()
    budget: int = 10_000
    privileges: tuple[str, ...] = ()


class Collector(Protocol):
    """Reads one aspect of a target."""

    @property
    def spec(self) -> CollectorSpec:
        """What this collector is."""
        ...

    async def collect(self, session: Any, now: datetime) -> Reading:  # noqa: ANN401 - each provider has its own session type
        """Fetch once and give what was found; `now` is the time of the poll."""
        ...


@runtime_checkable
class Resuming(Protocol):
    """A collector that goes on where the agent before stopped: the core keeps the mark of its last good poll."""

    def resume(self, session: Any, mark: str) -> None:  # noqa: ANN401 - as above
        """Take the mark of a former session, before the first poll of this one; one that cannot be read changes nothing."""
        ...


class Stream(Protocol):
    """A source that pushes. The contract is fixed so that providers can be written; this release refuses one that has streams."""

    def watch(self, session: Any, since: str | None) -> AsyncIterator[tuple[str, Event]]:  # noqa: ANN401 - as above
        """Give (resume token, event) pairs until the connection ends."""
        ...


class Provider(Protocol):
    """The code for one kind of infrastructure."""

    @property
    def name(self) -> str:
        """The word that `provider:` has in the configuration."""
        ...

    @property
    def target_label(self) -> str:
        """The label that carries the target's id on every sample (`cluster` for OneFS)."""
        ...

    @property
    def metric_prefix(self) -> str:
        """The first word of all its metrics, without the underscore."""
        ...

    @property
    def options_model(self) -> type[BaseModel]:
        """The pydantic model of `options:`; unknown keys are refused by the configuration."""
        ...

    @property
    def needs_credential(self) -> bool:
        """Whether a target of this provider is useless without a read credential."""
        ...

    def open(self, target: Target, credential: Credential | None) -> Session:
        """Make a session; does no I/O and raises only ConfigurationError."""
        ...

    def collectors(self) -> Sequence[Collector]:
        """Give every collector of this provider."""
        ...

    def streams(self) -> Sequence[Stream]:
        """Give every stream of this provider."""
        ...

    def playbook_environment(self, target: Target, credential: Credential) -> Mapping[str, str]:
        """Give the environment that this provider's Ansible modules read their connection and secret from."""
        ...


class Grade(StrEnum):
    """How one check of an examination ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an examination: what was looked at, how it stands, and what to do about it.

    `lines` are commands to copy, such as those that grant a privilege. Nothing here may hold a secret.
    """

    name: str
    grade: Grade
    detail: str
    hint: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """Who needs a privilege, such as `collector quotas` or `remediation onefs/quota_raise`, and whether to write.

    `tier` is the account that must have it: what polls and plans is `read`, what applies is `write`.
    """

    who: str
    privilege: str
    write: bool = False
    tier: str = "read"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An option that a person may accept for a new target, such as the fingerprint of a certificate that nobody vouches for."""

    option: str
    value: object
    question: str


@runtime_checkable
class Examiner(Protocol):
    """A provider that can examine a target in depth, for `mendwatch doctor` and `mendwatch targets inspect`."""

    def examine(
        self, target: Target, read: Credential | None, write: Credential | None, needs: Sequence[Need]
    ) -> AsyncIterator[Check]:
        """Give one check after the other, as each ends; what cannot be reached is a failed check and raises nothing."""
        ...

    async def suggest(self, target: Target) -> Sequence[Suggestion]:
        """Give what a person should decide before the first login; asks the target nothing that needs one.

        Raises:
            TargetError: nothing answers at the address.
        """
        ...

    async def inspect(self, target: Target, read: Credential | None) -> Mapping[str, object]:
        """Give what the target tells of itself, as plain data for people.

        Raises:
            TargetError: it cannot be asked.
        """
        ...


@runtime_checkable
class Recorder(Protocol):
    """A provider that can record what its collectors read, for `mendwatch record`; `mendwatch.replays` serves it again."""

    async def record(self, target: Target, read: Credential | None, collectors: Sequence[Collector], folder: Path) -> int:
        """Run each collector once and write every exchange below `folder`, without secrets; give how many there were.

        Raises:
            TargetError: the target cannot be asked at all.
        """
        ...


class Replay(Protocol):
    """A recording that is served as if it were the target (entry point group `mendwatch.replays`)."""

    async def start(self, folder: Path) -> DemoTarget:
        """Serve the recording below `folder`.

        Raises:
            UserError: the folder holds no recording of this provider.
        """
        ...

    async def stop(self) -> None:
        """End what was started."""
        ...


class Demo(Protocol):
    """A pretended target that `mendwatch demo` watches and mends (entry point group `mendwatch.demos`)."""

    async def start(self, folder: str) -> DemoTarget:
        """Start the pretended target; files go below `folder`."""
        ...

    async def begin(self) -> str:
        """Start the incident and tell in one sentence what happens."""
        ...

    async def proof(self) -> Mapping[str, object]:
        """Ask the target itself what has become of it: `mended` (bool) and the facts behind it."""
        ...

    async def stop(self) -> None:
        """End what was started."""
        ...


@dataclass(frozen=True, slots=True)
class DemoTarget:
    """A started demo: the `targets:` stanza of its configuration, as plain data, and what to tell the person."""

    targets: tuple[Mapping[str, object], ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedRun:
    """What a drill expects to be planned: by which alert, which remediation, with which variables."""

    alert: str
    remediation: str
    variables: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Drill:
    """One incident of a gym and what it must come to.

    `alerts` are those that it raises, and no others. `run` is the remediation that mends it; None where only a person can.
    `writes` are the requests that change the target then, in their order, with `*` for what the target chose; `touches` are
    the beginnings of the names of the facts that may change by it. Where the run keeps the trouble within bounds and leaves the
    cause to a person, `standing` are the alerts that are raised afterwards. `unseen` says why no alert is raised, where none is.
    `pace` is how often everything is asked, in seconds: a target that hangs cannot be asked as often as another.
    """

    name: str
    words: str
    alerts: frozenset[str]
    run: ExpectedRun | None = None
    writes: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    standing: frozenset[str] = frozenset()
    unseen: str = ""
    pace: int = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How a drill stands, as the target itself tells: whether the cause is gone, and which events of it are open."""

    mended: bool
    open_events: tuple[str, ...]


class Gym(Protocol):
    """A pretended target on which one drill after another is held, each from a fresh start, for `mendwatch gym`."""

    def drills(self) -> Sequence[Drill]:
        """Give every drill."""
        ...

    async def start(self, folder: Path) -> DemoTarget:
        """Start a target on which nothing is wrong; files go below `folder`."""
        ...

    async def begin(self, drill: str) -> None:
        """Let the incident happen."""
        ...

    async def standing(self) -> Standing:
        """Tell how the drill stands."""
        ...

    async def facts(self) -> Mapping[str, object]:
        """Give everything that the target holds, by name."""
        ...

    async def writes(self) -> Sequence[str]:
        """Give the requests that changed something since the start, or tried to: `METHOD path`, oldest first."""
        ...

    async def stop(self) -> None:
        """End what was started; does nothing the second time."""
        ...


@runtime_checkable
class Trainer(Protocol):
    """A demo that has a gym as well."""

    def gym(self) -> Gym:
        """Give it, not started."""
        ...
