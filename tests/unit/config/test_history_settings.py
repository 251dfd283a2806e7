"""How much of the history is kept is the operator's to say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from mendwatch.config.settings import Settings
from mendwatch.service.build import bounds


def test_the_history_is_as_long_and_as_large_as_the_settings_say() -> None:
    found = bounds(Settings.model_validate({"history": {"age": "1h", "memory_mib": 8}}))

    assert (found.age, found.size) == (timedelta(hours=1), 8 * 2**20)


@pytest.mark.parametrize("history", [{"memory_mib": 0}, {"memory_mib": 100_000}, {"age": "long"}])
def test_a_history_without_room_is_refused(history: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"history": history})
