"""One simulated cluster per incident, polled by every collector before, during and after it, beside one on which nothing happens.

The cluster is a function of its seed and its time. So whatever the two tell differently at the same moment is the incident's.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mendwatch.model.samples import Event, Reading
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Collector
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Head = tuple[str, tuple[str, ...]]
Changed = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]

#: What incidents do, as it is known: read like code, and written anew by tests/golden/renew_incidents.py.
GOLDEN = Path(__file__).parents[1] / "golden" / "incidents.txt"
#: Arguments where the usual ones do not show what there is to see at the moments of the polls.
ARGUMENTS: Mapping[str, Mapping[str, object]] = {"session-revoked": {"every": 200.0, "times": 4}}

#: Seconds from the start to the poll in the middle of the incident, and to the one long after its end.
DURING, AFTER = 450, 9450
#: The cluster does what comes due when somebody asks; a real one is asked all the time.
_STEP = 150
#: These tell of the simulator's own TLS, which is made anew for each.
_OWN = "powerscale_api_certificate"
_PREFIX = "powerscale_"
#: More series of one metric than this are counted and not listed.
_MOST = 4
#: An incident that changes more series than this is told by metrics.
_MANY = 80
_WIDTH = 126
_REFUSED = 401


class PatientClock(FakeClock):
    """Virtual time in which waiting takes no time and is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    async def sleep(self, seconds: float) -> None:
        """Count, and let others run once."""
        self.waited += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Poll:
    """What all collectors told at one moment: every number by series, every event; and how the cluster answered."""

    readings: Mapping[str, Reading]
    series: Mapping[Head, float]
    events: tuple[Event, ...]
    failures: Mapping[str, BaseException]
    refused: int
    waited: float


@dataclass(frozen=True)
class Story:
    """The polls before, during and after an incident."""

    before: Poll
    during: Poll
    after: Poll


@dataclass
class Scene:
    """A running cluster and a session with it."""

    simulator: Simulator
    session: OneFSSession
    clock: PatientClock
    collectors: Sequence[Collector] = field(default_factory=tuple)

    async def poll(self) -> Poll:
        """Ask everything at once."""
        asked, waited = len(self.simulator.requests), self.clock.waited
        now = self.clock.now()
        found = await asyncio.gather(*(one.collect(self.session, now) for one in self.collectors), return_exceptions=True)
        readings: dict[str, Reading] = {}
        series: dict[Head, float] = {}
        events: list[Event] = []
        failures: dict[str, BaseException] = {}
        for collector, reading in zip(self.collectors, found, strict=True):
            if isinstance(reading, BaseException):
                failures[collector.spec.name] = reading
                continue
            assert not reading.drift, (collector.spec.name, reading.drift)
            readings[collector.spec.name] = reading
            events += reading.events
            series.update({(one.metric, one.labels): one.value for one in reading.each() if not one.metric.startswith(_OWN)})
        refused = sum(one.status == _REFUSED for one in self.simulator.requests[asked:])
        return Poll(readings, series, tuple(events), failures, refused, self.clock.waited - waited)

    async def troubled(self, incident: str | None) -> Poll:
        """Let an incident (or nothing) begin, wait, and ask everything."""
        if incident is not None:
            self.simulator.begin(incident, **ARGUMENTS.get(incident, {}))
        self.move(DURING)
        return await self.poll()

    def move(self, until: float) -> None:
        """Let time pass as on a cluster that is asked now and then."""
        while self.clock.monotonic() < until:
            self.clock.move(min(_STEP, until - self.clock.monotonic()))
            self.simulator.cluster.settle()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Scene]:
    """Give a cluster that runs, and close what was opened."""
    clock = PatientClock()
    async with Simulator(SimulatorOptions(folder, clock=clock)) as simulator:
        provider = OneFSProvider(clock=clock)
        target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
        session = provider.open(target, Credential("monitor", Secret(simulator.accounts["monitor"])))
        try:
            yield Scene(simulator, session, clock, provider.collectors())
        finally:
            await session.close()


async def play(folder: Path, incident: str | None = None) -> Story:
    """Let an incident (or nothing) happen: poll, begin, wait, poll, end it if it has not ended by itself, wait, poll."""
    async with staged(folder) as scene:
        before = await scene.poll()
        during = await scene.troubled(incident)
        if incident is not None and scene.simulator.cluster.troubled:
            scene.simulator.end(incident)
        scene.move(AFTER)
        return Story(before, during, await scene.poll())


async def glimpse(folder: Path, incident: str) -> Poll:
    """Give only the poll in the middle of an incident."""
    async with staged(folder) as scene:
        return await scene.troubled(incident)


def told(quiet: Poll, seen: Poll) -> list[str]:
    """Give what a poll tells otherwise than the same poll of a cluster on which nothing happened, line by line."""
    changed: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for metric, labels in sorted(quiet.series.keys() | seen.series.keys()):
        was, is_ = quiet.series.get((metric, labels)), seen.series.get((metric, labels))
        if was != is_:
            changed.setdefault(metric.removeprefix(_PREFIX), []).append((labels, _change(was, is_)))
    many = sum(map(len, changed.values())) > _MANY
    return [*_manners(quiet, seen), *(_sums(changed) if many else _each(changed)), *_news(quiet, seen)]


def _manners(quiet: Poll, seen: Poll) -> Iterator[str]:
    if seen.refused and not quiet.refused:
        yield "answers: refused"
    if seen.waited != quiet.waited:
        yield "answers: late"
    yield from (f"fails: {name}" for name in sorted(seen.failures))


def _each(changed: Changed) -> Iterator[str]:
    for metric, series in changed.items():
        if len(series) > _MOST:
            yield f"{metric}: {_kinds(series)}"
        else:
            yield from (f"{metric}{{{','.join(labels)}}}: {change}" for labels, change in series)


def _sums(changed: Changed) -> Iterator[str]:
    """Give the metrics that change in the same way side by side: an incident that takes a node along changes hundreds of series."""
    alike: dict[str, list[str]] = {}
    for metric, series in changed.items():
        alike.setdefault(_kinds(series), []).append(metric)
    for kinds, metrics in sorted(alike.items()):
        yield from textwrap.wrap(f"{kinds}: {' '.join(metrics)}", _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _kinds(series: Sequence[tuple[tuple[str, ...], str]]) -> str:
    """Say how many series went, came and have another value."""
    kinds = Counter(change if change in {"gone", "new"} else "other" for _, change in series)
    return f"{', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}"


def _change(was: float | None, is_: float | None) -> str:
    if was is None or is_ is None:
        return "new" if was is None else "gone"
    return f"{was:g} -> {is_:g}" if all(_plain(value) for value in (was, is_)) else "more" if is_ > was else "less"


def _plain(value: float) -> bool:
    """Tell whether a number is one to be read: a state or a small count, not a measure that swings."""
    return value.is_integer() and abs(value) < 1000


def _news(quiet: Poll, seen: Poll) -> Iterator[str]:
    known = {event.key for event in quiet.events}
    lines = [_event(event) for event in seen.events if event.key not in known]
    yield from sorted(set(lines))


def _event(event: Event) -> str:
    holds = "holds" if event.active else "is over"
    subject = event.subject if not event.subject.startswith("/ifs/data/storm") else "/ifs/data/storm/*"
    return f"event {event.kind} ({event.severity.value}) about {subject} {holds}"


def table(name: str, story: Story, quiet: Story) -> str:
    """Give all that an incident does as a text."""
    lines = [name]
    for phase, calm, seen in (("during", quiet.during, story.during), ("after", quiet.after, story.after)):
        lines += [f"  {phase}", *(f"    {line}" for line in told(calm, seen))]
    return "\n".join(lines) + "\n"
