"""The size of /ifs as clients see it, and what a forecast needs beside it. From cluster/statfs and storagepool/settings.

The reserve for hot spares matters to a forecast: where it is hidden, a file system is full before its free bytes are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import at
from mendwatch_onefs.ratios import percent, share
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

STATFS = "cluster/statfs"
SETTINGS = "storagepool/settings"


def _spec(name: str, words: str, field: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_{name}", f"{words} ({field}).", unit=unit)


def _ifs(name: str, words: str, fields: str, unit: str = "bytes") -> MetricSpec:
    return _spec(f"filesystem_{name}", words, f"{STATFS}: {fields}", unit)


SIZE = _ifs("size_bytes", "Bytes of /ifs", "f_blocks, f_bsize")
FREE = _ifs("free_bytes", "Bytes of /ifs that are free", "f_bfree, f_bsize")
AVAILABLE = _ifs("available_bytes", "Bytes of /ifs that may still be written", "f_bavail, f_bsize")
USED = _ifs("used_bytes", "Bytes of /ifs in use", "f_blocks, f_bfree, f_bsize")
RATIO = _ifs("used_ratio", "Share of /ifs in use", "f_blocks, f_bfree", "ratio")
INODES = _ifs("inodes", "Inodes of /ifs", "f_files", "")
INODES_FREE = _ifs("inodes_free", "Inodes of /ifs that are free", "f_ffree", "")


def _setting(name: str, words: str, field: str, unit: str = "") -> MetricSpec:
    return _spec(name, words, f"{SETTINGS}: {field}", unit)


SPARE_DRIVES = _setting(
    "virtual_hot_spare_drives", "Drives to reserve for hot spares in each pool", "virtual_hot_spare_limit_drives"
)
SPARE_RATIO = _setting(
    "virtual_hot_spare_ratio", "Share of each pool to reserve for hot spares", "virtual_hot_spare_limit_percent", "ratio"
)
SPARE_HIDDEN = _setting(
    "virtual_hot_spare_hidden", "Whether the reserve is taken out of free space", "virtual_hot_spare_hide_spare"
)
SPARE_DENIED = _setting("virtual_hot_spare_denied", "Whether writes into the reserve are refused", "virtual_hot_spare_deny_writes")
SPILLOVER = _setting("spillover_enabled", "Whether a full pool spills into another one", "spillover_enabled")

METRICS = (
    SIZE, FREE, AVAILABLE, USED, RATIO, INODES, INODES_FREE, SPARE_DRIVES, SPARE_RATIO, SPARE_HIDDEN, SPARE_DENIED, SPILLOVER,
)  # fmt: skip

SCHEMA = RecordSchema(
    "capacity",
    (),
    {spec.name.removeprefix("powerscale_").removeprefix("filesystem_"): spec.name for spec in METRICS},
    help="The size of /ifs, what is used of it, and the reserve for hot spares.",
)


class Statfs(msgspec.Struct):
    """The answer of cluster/statfs, as much of it as is used; sizes are in blocks of f_bsize bytes."""

    f_bsize: Any = None
    f_blocks: Any = None
    f_bfree: Any = None
    f_bavail: Any = None
    f_files: Any = None
    f_ffree: Any = None


class Settings(msgspec.Struct):
    """The answer of storagepool/settings."""

    settings: Any = None


class CapacityCollector:
    """Reads cluster/statfs and the settings of the storage pools."""

    spec = CollectorSpec(
        "capacity",
        interval=60.0,
        timeout=30.0,
        metrics=METRICS,
        schemas=(SCHEMA,),
        privileges=("ISI_PRIV_STATISTICS", "ISI_PRIV_SMARTPOOLS"),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch both once."""
        statfs = await session.offered(1, STATFS, Statfs)
        settings = await session.offered(5, SETTINGS, Settings)
        if statfs is None and settings is None:
            raise Unsupported(f"this release has neither {STATFS} nor {SETTINGS}")
        return reading_of(statfs, settings, now)


def reading_of(statfs: Statfs | None, settings: Settings | None, now: datetime) -> Reading:
    """Turn the answers into samples; None stands for one that could not be had."""
    drift = Drift()
    findings = (*_sizes(statfs or Statfs(), drift), *_reserve(settings or Settings(), drift))
    return Reading(samples(findings, now, STATFS, drift), drift=drift.counts)


def _sizes(statfs: Statfs, drift: Drift) -> Iterator[Finding]:
    block = drift.quantity(f"{STATFS}: f_bsize", statfs.f_bsize) or None
    blocks, free, available, inodes, inodes_free = (
        drift.quantity(f"{STATFS}: {name}", getattr(statfs, name))
        for name in ("f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")
    )
    used = blocks - free if blocks is not None and free is not None and free <= blocks else None
    for spec, count in ((SIZE, blocks), (FREE, free), (AVAILABLE, available), (USED, used)):
        yield spec, (), None if count is None or block is None else count * block
    yield RATIO, (), share(used, blocks)
    yield INODES, (), inodes
    yield INODES_FREE, (), inodes_free


def _reserve(settings: Settings, drift: Drift) -> Iterator[Finding]:
    def setting(name: str) -> Any:  # noqa: ANN401 - foreign data
        return at(settings.settings, name)

    field = f"{SETTINGS}: virtual_hot_spare_limit_"
    yield SPARE_DRIVES, (), drift.whole(f"{field}drives", setting("virtual_hot_spare_limit_drives"))
    yield SPARE_RATIO, (), percent(f"{field}percent", setting("virtual_hot_spare_limit_percent"), drift)
    for spec, name in (
        (SPARE_HIDDEN, "virtual_hot_spare_hide_spare"),
        (SPARE_DENIED, "virtual_hot_spare_deny_writes"),
        (SPILLOVER, "spillover_enabled"),
    ):
        yield spec, (), drift.flag(f"{SETTINGS}: {name}", setting(name))
