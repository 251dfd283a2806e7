"""How a target's standing is shown."""

from __future__ import annotations

import pytest

from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import TargetStatus
from mendwatch.polling.standby import State


def status(address: str) -> TargetStatus:
    return TargetStatus(Target("a", "p", address), "p", "cluster", None, None, State.POLLING, None, None, None, ())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://admin:secret@cluster:8080/x", "https://cluster:8080/x"),
        ("admin:secret@cluster", "cluster"),
        ("https://cluster:8080", "https://cluster:8080"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_an_address_is_shown_without_the_password_in_it(address: str, shown: str) -> None:
    assert status(address).address == shown
