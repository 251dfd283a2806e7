"""Rules, remediations and maintenance windows loaded anew while the agent runs: all or nothing, and no run is touched.

Asked for by a signal, by whoever may, or by a change of a file. They are loaded in a thread, which takes longer than the loop may
stand still; taking them over is one step between two readings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from mendwatch.alerting import succession
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.clock import Clock
from mendwatch.config import folders
from mendwatch.errors import ContentError, MendwatchError
from mendwatch.metrics.reloads import ReloadMetrics
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import SOURCE_ALERTMANAGER
from mendwatch.remediation.catalogue import Catalogue
from mendwatch.service.library import Library
from mendwatch.store.interface import Audit

_log = structlog.get_logger(__name__)

#: Seconds between two looks at the files. What changed is loaded when it was the same at two looks.
LOOK = 2.0
BY_FILES, BY_SIGNAL = "agent:files", "agent:signal"
#: When each file was last changed, and how large it is.
_Marks = Mapping[str, tuple[int, int, int]]


class Current(Mapping[str, Remediation]):
    """The remediations that are loaded now; a run that has begun keeps its own."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __getitem__(self, name: str) -> Remediation:
        """Give one."""
        return self.catalogue[name]

    def __iter__(self) -> Iterator[str]:
        """Give all names."""
        return iter(self.catalogue)

    def __len__(self) -> int:
        """Count them."""
        return len(self.catalogue)


class Maintained(Protocol):
    """Who keeps the maintenance windows."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those of now."""
        ...

    def maintain(self, windows: Sequence[Window]) -> None:
        """Keep others from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes over: `judge_by` goes on by other rules, and `recall` tells those of what others reported before."""

    judge_by: Callable[[RuleSet], Awaitable[None]]
    recall: Callable[[], Awaitable[object]]
    remediations: Current
    maintenance: Maintained


@dataclass(frozen=True, slots=True)
class Hands:
    """What loading anew needs: `load` blocks and runs in a thread, `rules` gives those of now."""

    load: Callable[[], Library]
    rules: Callable[[], RuleSet]
    takers: Takers
    audit: Audit
    metrics: ReloadMetrics


class Reloading:
    """Loads anew. Make it inside the running loop."""

    def __init__(self, hands: Hands, paths: Sequence[Path], clock: Clock) -> None:
        self._hands, self._paths, self._clock = hands, tuple(paths), clock
        self._turn = asyncio.Lock()
        self._told = ""  # the faults that were logged last
        self._refusal = ""
        self._asked = asyncio.Event()
        hands.metrics.loaded(len(hands.rules().rules), clock.now())

    def ask(self) -> None:
        """Ask for it and return at once: for a signal."""
        self._asked.set()

    async def reload(self, actor: str) -> int:
        """Load anew and take over; gives how many rules there are now.

        Raises:
            ContentError: a file has faults; all are told at once, and everything goes on as it was.
            StoreError: a change of mode could not be audited; everything goes on as it was.
        """
        return await self._reload(actor)

    async def _reload(self, actor: str, *, patient: bool = False) -> int:
        async with self._turn:
            try:
                library = await asyncio.to_thread(self._load)
                self._refuse_new_faults(library.catalogue)
                await self._audit(library, actor)
            except MendwatchError as problem:
                if not patient:
                    self._refused(problem)
                raise
            await self._take(library)
            self._refusal = ""
            self._done(len(library.rules.rules))
            return len(library.rules.rules)

    def _load(self) -> Library:
        """Load everything. Raises ContentError also for what went away meanwhile."""
        try:
            return self._hands.load()
        except OSError as problem:
            raise ContentError(
                f"rules or remediations cannot be read: {problem}", hint="Load them once they are all there."
            ) from problem

    async def _take(self, library: Library) -> None:
        """Take over; what others reported is looked at anew, because a new rule may be about it."""
        takers = self._hands.takers
        await takers.judge_by(library.rules)
        takers.remediations.catalogue = library.catalogue
        takers.maintenance.maintain(library.windows)
        if library.rules.concerns(SOURCE_ALERTMANAGER):
            await takers.recall()

    async def run(self) -> None:
        """Watch the files and wait to be asked, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wait())
            group.create_task(self._watch())

    async def _wait(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._attempt(BY_SIGNAL)

    async def _watch(self) -> None:
        """Load what changed, when it has settled. A fault counts when it is there at two looks: a file may be half written."""
        loaded = before = await self._marks()
        suspected = False
        while True:
            await self._clock.sleep(LOOK)
            now = await self._marks()
            settled, before = now == before, now
            if not settled or now == loaded:
                suspected = False
            elif await self._attempt(BY_FILES, patient=not suspected):
                loaded, suspected = now, False
            else:
                suspected = True

    async def _attempt(self, actor: str, *, patient: bool = False) -> bool:
        """Try it; tells whether that is settled. With patience, faults are not told yet."""
        try:
            await self._reload(actor, patient=patient)
        except MendwatchError:
            return not patient
        return True

    async def _marks(self) -> _Marks:
        return await asyncio.to_thread(marks, self._paths)

    def _refuse_new_faults(self, catalogue: Catalogue) -> None:
        """Refuse remediations that are broken and were not: a known broken one must not be in the way of everything else."""
        known = set(map(str, self._hands.takers.remediations.catalogue.faults))
        if set(map(str, catalogue.faults)) - known:
            catalogue.raise_faults()

    async def _audit(self, library: Library, actor: str) -> None:
        """Write down who loads, and every rule that may go further or less far: without its row, there is no change."""
        rules, windows = library.rules, library.windows
        modes = succession.changed_modes(self._hands.rules(), rules)
        if windows != self._hands.takers.maintenance.windows:
            await self._hands.audit.append(actor, "maintenance.changed", "maintenance", {"windows": [one.name for one in windows]})
        for name, before, after in modes:
            await self._hands.audit.append(actor, "rule.mode_changed", name, {"from": before, "to": after})
        await self._hands.audit.append(actor, "rules.loaded", "rules", {"rules": len(rules.rules), "modes_changed": len(modes)})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known of the last time: one sentence where it was refused, and the rules of before go on."""
        return (self._refusal,) if self._refusal else ()

    def _refused(self, problem: MendwatchError) -> None:
        self._hands.metrics.refused(self._clock.now())
        self._refusal = _refusal(problem, self._clock.now())
        if self._told != str(problem):
            self._told = str(problem)
            _log.error("rules not loaded anew; those of before go on", reason=str(problem), hint=problem.hint)

    def _done(self, rules: int) -> None:
        self._hands.metrics.loaded(rules, self._clock.now())
        self._told = ""
        _log.info("rules loaded anew", rules=rules)


def _refusal(problem: MendwatchError, at: datetime) -> str:
    first, *others = str(problem).splitlines() or [""]
    more = f" (and {len(others)} more)" if others else ""
    return f"rules were not loaded anew at {at:%Y-%m-%d %H:%M:%SZ}, and those of before go on: {first}{more}"


def marks(paths: Sequence[Path]) -> _Marks:
    """Look at every file below some paths; blocks for as long as the disk does."""
    found = {}
    for path in paths:
        for file in (path, *folders.below(path)):
            try:
                stat = file.stat()
            except OSError:
                continue  # it went away, or is somebody else's: loading tells
            found[str(file)] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found
