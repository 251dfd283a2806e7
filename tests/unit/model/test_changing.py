"""A changed copy is what dataclasses.replace gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.changing import changed

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALERT = Alert("f", "Rule", "lab", {"a": "b"}, {}, AlertState.PENDING, NOW, {}, {"x": 1.0}, active_since=NOW)


@pytest.mark.parametrize("changes", [{}, {"state": AlertState.FIRING, "fired_at": NOW, "active_since": None}])
def test_a_changed_copy_is_what_replace_gives(changes: dict[str, object]) -> None:
    made = changed(ALERT, **changes)  # type: ignore[arg-type]

    assert made == replace(ALERT, **changes)  # type: ignore[arg-type]
    assert made is not ALERT
    assert ALERT.state is AlertState.PENDING


def test_every_frozen_class_can_be_changed() -> None:
    transition = Transition(AlertState.INACTIVE, ALERT, NOW, "because")

    assert changed(transition, reason="of that") == Transition(AlertState.INACTIVE, ALERT, NOW, "of that")


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises((KeyError, TypeError)):
        changed(ALERT, colour="red")  # type: ignore[call-arg]
