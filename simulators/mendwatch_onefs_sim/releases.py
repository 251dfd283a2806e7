"""The releases of OneFS that can be simulated: the newest version of the API in each, and what came and went with them.

Up to 9.12 the facts are those of Dell's SDK, which has one package per release. For 9.13 and 9.14 there is none: their
versions continue the series by one each, and nothing but the statistics keys that vanish differs from 9.12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from mendwatch.errors import UserError

#: The release of a cluster that is not told another.
USUAL = "9.12.0.0"

_PATTERN = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `latest` is its newest version of the API; `extrapolated` is whether that is our guess."""

    name: str
    latest: int
    built: datetime
    extrapolated: bool = False


def _built(year: int, month: int) -> datetime:
    return datetime(year, month, 14, 9, tzinfo=UTC)


#: By the first two numbers of a release: newest version of the API, when it was built, and whether this is our guess.
_TRAINS: Mapping[tuple[int, int], tuple[int, datetime, bool]] = MappingProxyType(
    {
        (9, 5): (16, _built(2023, 1), False),
        (9, 6): (17, _built(2023, 8), False),
        (9, 7): (18, _built(2023, 12), False),
        (9, 8): (19, _built(2024, 4), False),
        (9, 9): (20, _built(2024, 8), False),
        (9, 10): (21, _built(2024, 12), False),
        (9, 11): (22, _built(2025, 4), False),
        (9, 12): (23, _built(2025, 8), False),
        (9, 13): (24, _built(2025, 12), True),
        (9, 14): (25, _built(2026, 4), True),
    }
)

#: Resources that only some releases have: the beginning of their path, and the first and last version of the API (None: all).
_SPANS: tuple[tuple[str, int, int | None], ...] = (
    ("auth/ldap-templates", 16, 22),
    ("auth/oauth/", 19, None),
    ("cluster/diagnostics/gather/groups", 19, None),
    ("cluster/inventory", 23, None),
    ("cluster/maintenance/settings", 20, None),
    ("config-catalog/status", 19, None),
    ("config/config-lock", 18, None),
    ("connectivity/", 21, None),
    ("datamover/config", 22, None),
    ("datamover/network/", 17, None),
    ("datamover/reports", 19, None),
    ("datamover/settings/reports", 22, None),
    ("job/settings", 18, None),
    ("metadataiq/certificate", 22, None),
    ("metadataiq/", 21, None),
    ("mpa/", 23, None),
    ("network/firewall/dscp", 20, None),
    ("network/interface-names", 21, None),
    ("protocols/s3/objects", 23, None),
    ("protocols/ssh/cacpiv/", 23, None),
    ("protocols/swift/accounts", 16, 19),
    ("repair/", 23, None),
    ("upgrade/cluster/assess", 20, None),
    ("upgrade/cluster/skip-optional", 20, None),
    ("upgrade/package/", 23, None),
)


def release(name: str) -> Release:
    """Give a release by its full name, such as 9.12.0.0.

    Raises:
        UserError: there is no such release.
    """
    found = _PATTERN.fullmatch(name)
    train = None if found is None else _TRAINS.get((int(found[1]), int(found[2])))
    if train is None:
        known = ", ".join(f"{major}.{minor}" for major, minor in _TRAINS)
        raise UserError(f"there is no release {name!r}", hint=f"Give four numbers, such as {USUAL}; there are {known}.")
    return Release(name, *train)


def offered(resource: str, latest: int) -> bool:
    """Tell whether the release whose newest version is `latest` has a resource, by its path without the version."""
    for beginning, since, until in _SPANS:
        if resource.startswith(beginning):
            return since <= latest and (until is None or latest <= until)
    return True
