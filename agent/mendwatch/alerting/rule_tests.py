"""Runs the tests that stand in a rule's file, through the very engine that judges clusters, on a clock of their own.

A day of a test takes milliseconds, and what passes here is what happens there: nothing is simulated but the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.alerting import loading, series, silencing
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.expectations import Moment, compare
from mendwatch.alerting.rule_test_format import RuleTestText
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema, Schemas
from mendwatch.alerting.series import Series
from mendwatch.alerting.steps import Step, Withheld
from mendwatch.config.documents import Document, Fault, nearest
from mendwatch.errors import ContentError
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.silences import Silence
from mendwatch.model.targets import Target
from mendwatch.model.text import count
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

#: Where every test's time begins.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test ended: its name, where it stands, and what differs (nothing: it passed)."""

    name: str
    where: str
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """How all tests ended."""

    outcomes: tuple[Outcome, ...]
    rules: int

    @property
    def passed(self) -> bool:
        """Whether every test passed."""
        return not any(outcome.failures for outcome in self.outcomes)

    def text(self) -> str:
        """Give one line per test, and under a failed one what was expected and what came."""
        lines = []
        for outcome in self.outcomes:
            lines.append(f"{'FAILED' if outcome.failures else 'passed'}  {outcome.where}  {outcome.name}")
            lines.extend(f"    {line}" for failure in outcome.failures for line in failure.splitlines())
        failed = sum(1 for outcome in self.outcomes if outcome.failures)
        lines.append(f"{count(len(self.outcomes), 'test')} of {count(self.rules, 'rule')}, {failed} failed")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Feed:
    """The series of one schema on one target."""

    known: KnownSchema
    target: Target
    series: tuple[tuple[Series, tuple[str, ...]], ...]

    def reading(self, index: int) -> Reading | None:
        """Give what the collector would have read, or None where it would have read nothing."""
        samples = tuple(
            Sample(one.metric, value, labels)
            for one, labels in self.series
            if index < len(one.values) and (value := one.values[index]) is not None
        )
        # Of events a poll has all, so one whose series has ended is over; of all else, nothing was read.
        events = self.known.schema.events
        return Reading(samples, events_complete=events) if samples or events else None


@dataclass(slots=True)
class _Feeds:
    """Feeds as they are put together from a test's series."""

    schemas: Schemas
    parts: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[tuple[Series, tuple[str, ...]]]] = field(default_factory=dict)

    def add(self, one: Series) -> str:
        """Take up one series; gives what is wrong with it, or nothing."""
        users = [known for known in self.schemas.values() if one.metric in known.schema.fields.values()]
        if not users:
            names = sorted({metric for known in self.schemas.values() for metric in known.schema.fields.values()})
            meant = nearest(one.metric, names)
            return f"unknown metric {one.metric!r}" + (f"; did you mean {meant!r}?" if meant else "")
        for known in users:
            lacking = [label for label in known.labels if label not in one.labels]
            if lacking:
                return f"{one.metric} needs the labels {', '.join(lacking)}"
            own = tuple(one.labels[label] for label in next(m for m in known.metrics if m.name == one.metric).labels)
            operator = tuple(sorted((name, value) for name, value in one.labels.items() if name not in known.labels))
            identity = (known.name, one.labels[known.target_label], operator)
            self.parts.setdefault(identity, []).append((one, own))
        return ""

    def feeds(self) -> list[_Feed]:
        """Give all feeds, in the order in which their first series were written."""
        return [
            _Feed(self.schemas[name], Target(target, "test", "", dict(operator)), tuple(parts))
            for (name, target, operator), parts in self.parts.items()
        ]


def run(paths: Iterable[Path], schemas: Schemas) -> Report:
    """Run every test of the given files and folders.

    Raises:
        ContentError: a file, a rule or a test cannot be understood; all faults at once.
    """
    faults: list[Fault] = []
    files = _with_rule_files(list(paths), faults)
    rules = loading.load(files, schemas)
    outcomes = [
        outcome for document in loading.documents_in(files, faults) for outcome in _document(document, rules, schemas, faults)
    ]
    if faults:
        hint = next((fault.hint for fault in faults if fault.hint), None)
        raise ContentError("\n".join(map(str, faults)), hint=hint, faults=faults)
    return Report(tuple(outcomes), len(rules.compiled))


def _with_rule_files(paths: list[Path], faults: list[Fault]) -> list[Path]:
    """Give the files with those that they name as their rules (`rule_files`), each once."""
    found = {file.resolve(): file for path in paths for file in loading.files_in(path) or [path]}
    for document in loading.documents_in(paths, []):  # what cannot be read is told by loading
        named = document.data.get("rule_files") if isinstance(document.data, dict) else None
        for index, pattern in enumerate(named if isinstance(named, list) else ()):
            base = Path(document.path).parent
            matching = sorted(base.glob(str(pattern))) if not Path(str(pattern)).is_absolute() else [Path(str(pattern))]
            found |= {file.resolve(): file for file in matching if file.is_file()}
            if not any(file.is_file() for file in matching):
                where = document.where(("rule_files", index))
                faults.append(Fault(where, f"there is no file {pattern!r}", f"It is looked for from {base} on."))
    return list(found.values())


def _document(document: Document, rules: RuleSet, schemas: Schemas, faults: list[Fault]) -> Iterator[Outcome]:
    for index, raw in enumerate((document.data or {}).get("tests") or ()):
        test = RuleTestText.model_validate(raw)  # `load` has told of every fault of its shape
        base = ("tests", index)
        feeds = _feeds(test, document, base, schemas, faults)
        _check_names(test, document, base, rules, faults)
        _check_silences(test, document, base, faults)
        if not faults:
            name = test.name or f"test {index + 1}"
            yield Outcome(name, document.where(base), tuple(_run(test, feeds, rules)))


def _feeds(
    test: RuleTestText, document: Document, base: tuple[str | int, ...], schemas: Schemas, faults: list[Fault]
) -> list[_Feed]:
    feeds = _Feeds(schemas)
    for index, item in enumerate(test.input_series):
        try:
            problem = feeds.add(series.parse(item.series, item.values))
        except (ValueError, ContentError) as error:
            problem = str(error)
        if problem:
            faults.append(Fault(document.where((*base, "input_series", index)), problem))
    return feeds.feeds()


def _check_silences(test: RuleTestText, document: Document, base: tuple[str | int, ...], faults: list[Fault]) -> None:
    for index, item in enumerate(test.silences):
        try:
            silencing.parsed(item.matchers)
        except ContentError as problem:
            faults.append(Fault(document.where((*base, "silences", index)), str(problem), problem.hint or ""))


def _check_names(test: RuleTestText, document: Document, base: tuple[str | int, ...], rules: RuleSet, faults: list[Fault]) -> None:
    known = [rule.alert for rule in rules.rules]
    for key, items in test.expectations().items():
        for index, item in enumerate(items):
            if item.alertname not in known:
                meant = nearest(item.alertname, known)
                where = document.where((*base, key, index))
                faults.append(Fault(where, f"unknown alert {item.alertname!r}", f"did you mean {meant!r}?" if meant else ""))
    last = max(test.times(), default=timedelta(0))
    if test.interval <= timedelta(0) or last / test.interval > _MOST_STEPS:
        faults.append(Fault(document.where((*base, "interval")), f"the test has more than {_MOST_STEPS} intervals"))


def _run(test: RuleTestText, feeds: list[_Feed], rules: RuleSet) -> Iterator[str]:
    engine = AlertEngine(rules, Renderer(Path()))
    engine.hush(silencing.silencing(_silences(test), ()))
    withheld: dict[tuple[str, str], Withheld] = {}
    index = 0
    for time in test.times():
        while index * test.interval <= time:
            withheld = _step(engine, feeds, test.interval, index)
            index += 1
        engine.tick(EPOCH + time)
        offers = engine.offers(EPOCH + time)
        yield from compare(test, time, Moment(engine.alerts(), offers.proposals, tuple({**withheld, **_held(offers)}.values())))


def _silences(test: RuleTestText) -> Iterator[Silence]:
    for index, item in enumerate(test.silences):
        start, end = EPOCH + item.start, EPOCH + item.end
        yield Silence(f"{index + 1}", tuple(item.matchers), start, end, author="the test", comment=item.comment, created_at=start)


def _step(engine: AlertEngine, feeds: Iterable[_Feed], interval: timedelta, index: int) -> dict[tuple[str, str], Withheld]:
    """Poll everything once and let time pass; gives what was held back in this round."""
    now = EPOCH + index * interval
    held: dict[tuple[str, str], Withheld] = {}
    for feed in feeds:
        reading = feed.reading(index)
        if reading is not None:
            known = feed.known
            spec = CollectorSpec(known.name, interval.total_seconds(), 1.0, known.metrics, (known.schema,))
            held |= _held(engine.observe(feed.target, known.target_label, spec, reading, now))
    return held | _held(engine.tick(now))


def _held(step: Step) -> dict[tuple[str, str], Withheld]:
    return {(item.rule.alert, item.alert.fingerprint): item for item in step.withheld}
