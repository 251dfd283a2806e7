"""The time zone that a cluster lives in: OneFS writes some dates in it and gives no offset. From cluster/config."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from mendwatch.errors import Denied, Unsupported
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.giving import within


class _Config(msgspec.Struct):
    timezone: Any = None


async def zone_of(session: OneFSClient) -> ZoneInfo | None:
    """Ask for the cluster's time zone; None where it does not tell one that this machine knows.

    Raises:
        TargetError: as `session.get`, but neither Denied nor Unsupported: dates are worth less than what they come with.
    """
    try:
        config = await session.get(3, "cluster/config", _Config)
    except (Denied, Unsupported):
        return None
    return zone_named(within(config.timezone, "path"))


def zone_named(path: Any) -> ZoneInfo | None:  # noqa: ANN401 - foreign data
    """Give the zone of a name such as Europe/Berlin; None for anything that is none."""
    if not isinstance(path, str):
        return None
    try:
        return ZoneInfo(path)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        return None


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Give the moment at which a day of the cluster is over."""
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def local(text: Any, zone: ZoneInfo | None) -> datetime | None:  # noqa: ANN401 - foreign data
    """Give the moment of a date and time as ISO 8601 writes them; one without an offset is in the cluster's zone."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone) if zone else None
