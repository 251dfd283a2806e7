"""From cluster/statfs and storagepool/settings to samples."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from simulated import Asked, series

from mendwatch_onefs.capacity import Settings, Statfs, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
WHOLE = Statfs(f_bsize=8192, f_blocks=1000, f_bfree=400, f_bavail=300, f_files=50, f_ffree=20)


def test_sizes_are_blocks_times_their_size() -> None:
    assert series(reading_of(WHOLE, None, NOW)) == {
        ("powerscale_filesystem_size_bytes", ()): 8_192_000,
        ("powerscale_filesystem_free_bytes", ()): 3_276_800,
        ("powerscale_filesystem_available_bytes", ()): 2_457_600,
        ("powerscale_filesystem_used_bytes", ()): 4_915_200,
        ("powerscale_filesystem_used_ratio", ()): 0.6,
        ("powerscale_filesystem_inodes", ()): 50,
        ("powerscale_filesystem_inodes_free", ()): 20,
    }


@pytest.mark.parametrize(
    ("statfs", "left"),
    [
        (Statfs(f_blocks=1000, f_bfree=400), {"used_ratio"}),
        (Statfs(f_bsize=0, f_blocks=1000, f_bfree=400), {"used_ratio"}),
        (Statfs(f_bsize=8192, f_blocks=1000), {"size_bytes"}),
        (Statfs(f_bsize=8192, f_blocks=10, f_bfree=11), {"size_bytes", "free_bytes"}),
        (Statfs(f_bsize=8192, f_blocks=0, f_bfree=0), {"size_bytes", "free_bytes", "used_bytes"}),
        (Statfs(), set()),
    ],
)
def test_what_cannot_be_known_is_not_given(statfs: Statfs, left: set[str]) -> None:
    assert {metric.removeprefix("powerscale_filesystem_") for metric, _ in series(reading_of(statfs, None, NOW))} == left


def test_the_reserve_for_hot_spares_is_told_in_drives_and_as_a_ratio() -> None:
    settings = Settings(
        {"virtual_hot_spare_limit_drives": 2, "virtual_hot_spare_limit_percent": "5", "virtual_hot_spare_hide_spare": True}
    )
    assert series(reading_of(None, settings, NOW)) == {
        ("powerscale_virtual_hot_spare_drives", ()): 2,
        ("powerscale_virtual_hot_spare_ratio", ()): 0.05,
        ("powerscale_virtual_hot_spare_hidden", ()): 1,
    }


def test_settings_that_make_no_sense_are_counted_and_give_nothing() -> None:
    reading = reading_of(None, Settings({"virtual_hot_spare_limit_percent": "some", "spillover_enabled": "maybe"}), NOW)
    assert series(reading) == {}
    assert sum(reading.drift.values()) == 2


def test_the_simulated_file_system_is_what_its_statistics_say() -> None:
    asked = Asked()
    found = series(reading_of(asked.decoded("1/cluster/statfs", Statfs), asked.decoded("5/storagepool/settings", Settings), NOW))
    now = asked.cluster.moment()
    assert found[("powerscale_filesystem_size_bytes", ())] == now.ifs_total
    assert found[("powerscale_filesystem_used_bytes", ())] == pytest.approx(now.ifs_used, abs=8192)
    assert found[("powerscale_spillover_enabled", ())] == 1
