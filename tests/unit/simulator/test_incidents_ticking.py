"""Incidents on a clock that never stands still, as a real one: none is over the moment it begins."""

from __future__ import annotations

import pytest
from simulated import Asked

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.registry import INCIDENTS, begin


class _Ticking(FakeClock):
    """Moves a millionth of a second whenever somebody looks."""

    def monotonic(self) -> float:
        self.move(1e-6)
        return super().monotonic()


@pytest.mark.parametrize("name", sorted(INCIDENTS))
def test_an_incident_lasts_although_time_goes_on_while_it_begins(name: str) -> None:
    cluster = Cluster(make_hardware(5, 1, "c"), _Ticking())
    incident = begin(cluster, name, {})
    Asked(cluster).get("3/cluster/config")
    assert incident.ended is None
    assert [one.ended for one in cluster.incidents] == [None]


def test_a_pool_that_fills_is_fuller_at_every_look() -> None:
    clock = _Ticking()
    cluster = Cluster(make_hardware(5, 1, "c"), clock)
    begin(cluster, "pool-fill", {"share": 0.97, "seconds": 60})
    asked, shares = Asked(cluster), []
    for _ in range(4):
        statfs = asked.get("1/cluster/statfs")
        shares.append(1 - statfs["f_bfree"] / statfs["f_blocks"])
        clock.move(20)
    assert shares == sorted(set(shares))
    assert shares[-1] == pytest.approx(0.96, abs=0.02)
