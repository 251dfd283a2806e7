"""The quotas that the cluster has when it starts: one of each kind that a client must get right."""

from __future__ import annotations

from mendwatch_onefs_sim.hardware import GIB, TIB
from mendwatch_onefs_sim.quotas.quota import APP_LOGICAL, PHYSICAL, Limits, Quota, Usage, quota_id
from mendwatch_onefs_sim.waves import fraction

#: The quota that fills when an incident names none.
DEMO_PATH = "/ifs/data/projects/apollo"

_WEEK = 604_800


def starting_quotas(seed: int) -> tuple[Quota, ...]:
    """Give the first quotas; sizes vary a little with the seed, shapes do not."""

    def usage(name: str, share: float, of: int, rate: float = 0.0) -> Usage:
        return Usage(int(of * share * (0.9 + fraction(seed, name) / 5)), rate)

    def number(place: int) -> str:
        return quota_id(place, seed)

    return (
        Quota(number(1), DEMO_PATH, Limits(hard=2 * TIB, advisory=1800 * GIB), usage("apollo", 0.45, 2 * TIB), container=True),
        Quota(number(2), "/ifs/data/projects/gemini", Limits(hard=5 * TIB), usage("gemini", 0.6, 5 * TIB, 40_000), container=True),
        Quota(
            number(3),
            "/ifs/data/media",
            Limits(hard=20 * TIB, soft=18 * TIB, soft_grace=_WEEK),
            usage("media", 0.5, 20 * TIB, 900_000),
            thresholds_on=PHYSICAL,
            description="Raw footage; the physical size counts",
        ),
        Quota(number(4), "/ifs/data/scratch", Limits(advisory=8 * TIB), usage("scratch", 0.3, 8 * TIB, 250_000)),
        Quota(number(5), "/ifs/data/archive", Limits(), usage("archive", 1.0, 12 * TIB), enforced=False, include_snapshots=True),
        Quota(number(6), "/ifs/home", Limits(hard=50 * GIB), Usage(0), type="default-user", thresholds_on=APP_LOGICAL),
        Quota(
            number(7),
            "/ifs/home",
            Limits(hard=50 * GIB),
            usage("alice", 0.4, 50 * GIB),
            type="user",
            thresholds_on=APP_LOGICAL,
            linked=True,
            persona=("user", "alice", "UID:2001"),
        ),
        Quota(
            number(8), "/ifs/data/import", Limits(hard=10 * TIB), Usage(0), ready=False, description="Waits for its first QuotaScan"
        ),
    )
