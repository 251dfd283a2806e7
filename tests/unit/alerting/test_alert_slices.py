"""A large reading is judged in slices, and costs only what something follows from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from alert_worlds import DOWN, FULL, INHIBITED, LIMIT, START, USAGE, MakeWorld

from mendwatch.alerting.slices import Steps
from mendwatch.alerting.steps import Step
from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import AlertState
from mendwatch.model.rules import Rule
from mendwatch.model.samples import Reading, Sample
from mendwatch.provider import CollectorSpec


def test_a_large_reading_is_judged_in_short_slices_and_as_if_at_once(world: MakeWorld) -> None:
    one, other = world(FULL), world(FULL)
    spec = CollectorSpec("quota", 60.0, 10.0, one.known["quota"].metrics, (one.known["quota"].schema,))
    names = [(f"/{number}", "directory") for number in range(3000)]
    samples = (Sample(metric, value, name) for name in names for metric, value in ((USAGE, 95.0), (LIMIT, 100.0)))
    poll = Poll(one.target, "cluster", spec, Reading(tuple(samples)), START)

    sliced, pauses = counted(one.engine.observing(poll))
    at_once = other.engine.observe(poll.target, "cluster", spec, poll.reading, START)

    assert pauses > 100
    assert sliced == at_once
    assert len(at_once.transitions) == 3000
    assert sum(1 for _ in one.engine.ticking(START + timedelta(hours=1))) > 100
    assert sum(1 for _ in other.engine.offering(other.now)) > 100


def test_what_no_rule_is_about_is_not_even_looked_at(world: MakeWorld) -> None:
    class Untouchable(tuple[Sample, ...]):
        __slots__ = ()

        def __iter__(self) -> Iterator[Sample]:
            raise AssertionError

        __getitem__ = __len__ = __iter__  # type: ignore[assignment]

    w = world(DOWN)
    spec = CollectorSpec("quota", 60.0, 10.0, w.known["quota"].metrics, (w.known["quota"].schema,))

    assert w.engine.observe(w.target, "cluster", spec, Reading(Untouchable()), w.now) == Step()


def test_ten_thousand_inhibited_subjects_ask_for_their_inhibitor_once_each(world: MakeWorld) -> None:
    w = world(INHIBITED)
    w.node(0.0)
    asked: list[str] = []
    inhibitor = w.engine._raised.inhibitor

    def counted(rule: Rule, labels: Mapping[str, str]) -> str:
        asked.append(labels["path"])
        return inhibitor(rule, labels)

    w.engine._raised.inhibitor = counted  # type: ignore[method-assign]
    w.quotas(**{f"q{number}": (95.0, 100.0) for number in range(1000)})  # type: ignore[arg-type]

    assert len(asked) == 1000
    assert len(w.engine.alerts()) == 1001
    assert {alert.state for alert in w.engine.alerts() if alert.rule == "Full"} == {AlertState.PENDING}


def counted(steps: Steps[Step]) -> tuple[Step, int]:
    """Do all the work, and count the pauses."""
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, pauses
        pauses += 1
