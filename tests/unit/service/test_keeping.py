"""What a silent store refuses is kept when it answers again: alerts with their last word, decisions in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from mendwatch.errors import StoreError
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.service import keeping
from mendwatch.service.keeping import Keeper
from mendwatch.testing.store import MemoryStore

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALERT = Alert("a", "Full", "lab", {}, {}, AlertState.FIRING, NOW, {}, {})
ROW = Decision(NOW, "Full", "a", "lab", DecisionKind.TRANSITION, "firing", "1")


class Moody:
    """A store that answers when it likes, and remembers the size of each transaction."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.answers = True
        self.sizes: list[tuple[int, int]] = []

    async def load(self) -> list[Alert]:
        return list(await self.store.alerts.load())

    async def save(self, alerts: Iterable[Alert], decisions: Iterable[Decision] = ()) -> None:
        if not self.answers:
            raise StoreError("the state database does not answer: a test said so")
        listed, rows = list(alerts), list(decisions)
        self.sizes.append((len(listed), len(rows)))
        await self.store.alerts.save(listed, rows)

    async def reasons(self) -> list[str]:
        return [one.reason for one in reversed(await self.store.journal.newest())]


async def test_what_was_refused_is_kept_with_the_next() -> None:
    moody = Moody()
    keeper = Keeper(moody)
    moody.answers = False
    with capture_logs() as logs:
        await keeper.keep([ALERT], [ROW])
        await keeper.keep([replace(ALERT, state=AlertState.INACTIVE)], [replace(ROW, reason="2")])
        moody.answers = True
        await keeper.keep([replace(ALERT, fingerprint="b")], [replace(ROW, fingerprint="b", reason="3")])
        await keeper.keep([], [])

    assert [alert.fingerprint for alert in await moody.load()] == ["b"]
    assert await moody.reasons() == ["1", "2", "3"]
    assert [line["event"] for line in logs] == ["alerts not kept", "alerts are kept again"]


async def test_many_are_kept_in_transactions_that_each_have_an_alert_with_its_decisions() -> None:
    moody = Moody()
    alerts = [replace(ALERT, fingerprint=f"{number:03}") for number in range(250)]
    rows = [replace(ROW, fingerprint=alert.fingerprint) for alert in alerts]

    await Keeper(moody).keep(alerts, [*rows, replace(ROW, fingerprint="elsewhere")])

    assert moody.sizes == [(100, 100), (100, 100), (50, 50), (0, 1)]


async def test_decisions_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 3)
    moody = Moody()
    keeper = Keeper(moody)
    moody.answers = False
    for number in range(10):
        await keeper.keep([ALERT], [replace(ROW, reason=str(number))])
    moody.answers = True
    await keeper.keep([], [replace(ROW, reason="last")])

    assert await moody.reasons() == ["7", "8", "9", "last"]
