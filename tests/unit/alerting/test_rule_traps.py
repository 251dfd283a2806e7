"""What users of other rule engines complain of, where no other test has it: memory, payloads, and guards that a reload forgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alert_worlds import DOWN, FULL, START, MakeWorld
from derived_worlds import DerivedWorld

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.silencing import silencing
from mendwatch.alerting.steps import Step
from mendwatch.model.journal import Decision
from mendwatch.model.silences import Silence
from mendwatch.render.renderer import Renderer

Begin = Callable[[str], DerivedWorld]
DISK = "  - {alert: Disk, on: event, when: active == 1, annotations: {bay: '{{ subject }} is {{ key }}'}}\n"
FREEZER = DOWN.replace("when: up < 1.0", "when: up < 1.0, freezes: [cluster]")


@pytest.fixture
def begin(tmp_path: Path, start: datetime) -> Begin:
    return lambda rules: DerivedWorld(tmp_path, rules, start)


def test_events_that_are_over_leave_nothing_behind(begin: Begin) -> None:
    w = begin(DISK)
    for batch in range(20):
        w.events(*[w.event(f"{batch}-{at}", active=None) for at in range(100)], after=31)
    w.events(after=31)
    w.events()  # whose alerts have ended
    w.wait(31)

    assert len(w.said) == 2 * 2000
    assert (w.engine.kept(), w.engine.subjects("Disk")) == ((), [])
    assert all(not source.entries and not source.inherited for source in w.engine.sources("event"))


def test_events_of_one_reading_keep_their_own_words(begin: Begin) -> None:
    w = begin(DISK)
    events = [replace(w.event(str(at)), subject=f"bay {at}") for at in range(50)]
    w.events(*reversed(events))

    assert {alert.key["key"]: alert.annotations["bay"] for alert in w.engine.alerts()} == {
        str(at): f"bay {at} is {at}" for at in range(50)
    }


def test_guards_hold_over_reloads_and_restarts_and_nothing_is_said_twice(world: MakeWorld, load: Callable[..., RuleSet]) -> None:
    text = FULL.replace("key:", "flap: {changes: 3, window: 1h}\n    key:") + FREEZER
    w = world(text)
    words: dict[str, Decision] = {}
    said: list[tuple[str, str]] = []

    def take(step: Step) -> None:
        for one in step.decisions:
            if one.kind.value in {"proposed", "withheld", "told"}:
                words[one.fingerprint] = one
                said.append((one.rule, one.word))
        assert not step.proposals

    def shaken() -> None:
        """Reload the same rules, restart, and ask for offers after each."""
        take(w.engine.replace(load(text), w.now))
        take(w.quotas(a=(95.0, 100.0)))
        take(w.engine.offers(w.now))
        _restart(w.engine, words, replaced := AlertEngine(load(text), Renderer(Path())), silences)
        w.engine = replaced
        take(w.quotas(a=(95.0, 100.0)))
        take(w.engine.offers(w.now))

    silences = [Silence("sil-1", ("alertname=Full",), START, START + timedelta(minutes=20), "ann", "disks", START)]
    w.engine.hush(silencing(silences, ()))
    take(w.node(0.0))
    for usage in (95.0, 50.0, 95.0, 50.0, 95.0):
        take(w.quotas(a=(usage, 100.0)))
    shaken()
    assert said == [("Full", "silenced")] * len(said)
    w.now = START + timedelta(minutes=21)  # the silence is over; it is still frozen, and flaps
    take(w.quotas(a=(95.0, 100.0)))
    take(w.engine.offers(w.now))
    shaken()
    assert said[-2:] == [("Full", "firing"), ("Full", "frozen")]
    take(w.node(1.0))
    take(w.engine.offers(w.now))
    shaken()
    assert said[-1] == ("Full", "flapping")
    assert len(said) == len(set(said)) + said.count(("Full", "silenced")) - 1


def _restart(before: AlertEngine, words: Mapping[str, Decision], after: AlertEngine, silences: list[Silence]) -> None:
    after.restore(before.kept())
    after.recall(words)
    after.hush(silencing(silences, ()))
