"""What was decided is kept with the alerts that it is about, read by rule, and never forgotten below a hundred."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.store import decided
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore

NOW = datetime(2026, 1, 15, 12, 0, 0, 123_457, tzinfo=UTC)
KEY = {"cluster": "lab", "path": "/ifs/\ud800"}
ALERT = Alert("a1", "Full", "lab", KEY, {}, AlertState.FIRING, NOW, {}, {"used": 0.95})
FIRED = Decision(
    NOW, "Full", "a1", "lab", DecisionKind.TRANSITION, "firing", "it \ud800 holds", before="pending", key=KEY, values={"used": 0.95}
)
HELD = replace(FIRED, kind=DecisionKind.WITHHELD, word="silenced", before="", reason="by ann")


def numbered(count: int, rule: str = "Full", start: int = 0) -> list[Decision]:
    return [
        replace(FIRED, rule=rule, at=NOW + timedelta(minutes=number), reason=str(number)) for number in range(start, start + count)
    ]


async def test_a_decision_comes_back_as_it_was_with_its_number(store: Store) -> None:
    await store.alerts.save([ALERT], [FIRED, HELD])

    first, second = reversed(await store.journal.newest())
    assert (replace(first, seq=0), replace(second, seq=0)) == (FIRED, HELD)
    assert second.seq > first.seq > 0


async def test_the_journal_is_read_by_rule_and_by_subject_newest_first(store: Store) -> None:
    other, elsewhere = replace(FIRED, fingerprint="a2", reason="2"), replace(FIRED, rule="Down", fingerprint="b1", reason="3")
    await store.alerts.save([], [FIRED, other, elsewhere])

    assert [one.reason for one in await store.journal.of_rule("Full")] == ["2", FIRED.reason]
    assert [one.reason for one in await store.journal.of_rule("Full", fingerprint="a1")] == [FIRED.reason]
    assert [one.reason for one in await store.journal.newest(2)] == ["3", "2"]
    assert await store.journal.of_rule("Unknown") == []


async def test_alerts_and_decisions_are_kept_together_or_not_at_all(sql: SqlStore) -> None:
    await sql.alerts.save([ALERT], [FIRED])
    with pytest.raises(StoreError, match="no time zone"):
        await sql.alerts.save([replace(ALERT, fingerprint="b")], [replace(FIRED, at=NOW.replace(tzinfo=None))])

    # What the database itself refuses in the middle of the transaction takes the alerts back as well.
    broken = replace(FIRED, word=None)  # type: ignore[arg-type] - that is the fault
    with pytest.raises(StoreError):
        await sql.alerts.save([replace(ALERT, fingerprint="c")], [broken])

    assert [alert.fingerprint for alert in await sql.alerts.load()] == ["a1"]
    assert len(await sql.journal.newest()) == 1


async def test_an_alert_that_ended_lately_is_kept_for_its_changes(store: Store) -> None:
    over = replace(ALERT, state=AlertState.INACTIVE, changes=(NOW - timedelta(minutes=1), NOW))
    flapping = replace(ALERT, fingerprint="a2", changes=(NOW,), flapping_since=NOW)
    await store.alerts.save([over, flapping])
    assert await store.alerts.load() == [over, flapping]

    await store.alerts.save([replace(over, changes=())])
    assert await store.alerts.load() == [flapping]


async def test_numbers_that_json_has_no_sign_for_come_back(store: Store) -> None:
    await store.alerts.save([], [replace(FIRED, values={"a": math.inf, "b": math.nan, "c": 1e300})])

    (one,) = await store.journal.newest()
    assert (one.values["a"], math.isnan(one.values["b"]), one.values["c"]) == (math.inf, True, 1e300)


async def test_the_last_word_about_each_alert_that_is_kept_can_be_asked_for(store: Store) -> None:
    asked = replace(HELD, kind=DecisionKind.PROPOSED, word="approve", reason="")
    gone = replace(HELD, fingerprint="gone")
    await store.alerts.save([ALERT, replace(ALERT, fingerprint="a2")], [HELD, asked, FIRED, gone])

    words = await store.journal.words()
    assert {name: (one.kind, one.word) for name, one in words.items()} == {"a1": (DecisionKind.PROPOSED, "approve")}


async def test_of_every_rule_the_newest_stay(store: Store) -> None:
    await store.alerts.save([], numbered(150) + numbered(120, "Down"))

    assert await store.journal.prune(keep_per_rule=130) == 20
    assert [one.reason for one in await store.journal.of_rule("Full", limit=1000)] == [str(n) for n in range(149, 19, -1)]
    assert len(await store.journal.of_rule("Down", limit=1000)) == 120


async def test_a_hundred_of_every_rule_stay_whatever_is_asked(store: Store) -> None:
    await store.alerts.save([], numbered(120))

    assert await store.journal.prune(keep_per_rule=1, before=NOW + timedelta(days=1)) == 20
    assert await store.journal.prune(keep_per_rule=0, before=NOW + timedelta(days=1)) == 0
    assert len(await store.journal.newest(1000)) == 100


async def test_what_is_old_goes_before_there_are_too_many(store: Store) -> None:
    await store.alerts.save([], numbered(150))

    assert await store.journal.prune(before=NOW + timedelta(minutes=30)) == 30
    assert len(await store.journal.newest(1000)) == 120


async def test_many_are_forgotten_in_small_bites(sql: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decided, "_AT_ONCE", 7)
    await sql.alerts.save([], numbered(140))

    assert await sql.journal.prune(keep_per_rule=110) == 30
    assert len(await sql.journal.newest(1000)) == 110
