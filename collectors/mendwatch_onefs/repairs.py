"""Repairs of OneFS itself, since 9.12: whether they are on, whether they start by themselves, and how the newest of each ended.

From repair/settings, repair/actions and repair/requests. Where the cluster repairs by itself, nobody else should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import among, holding, listed, needs_one, tally, told, within, word_of

_SETTINGS, _ACTIONS, _REQUESTS = "repair/settings", "repair/actions", "repair/requests"
_SINCE = 23
BEHAVIOURS = ("auto", "manual")
STATUSES = ("queued", "ready", "running", "complete", "stopped")
RESULTS = ("pass", "fail", "partial_fail", "skipped", "pending")
LABELS = ("item",)

ENABLED = MetricSpec("powerscale_repair_enabled", f"Whether the cluster may repair itself ({_SETTINGS}: repair_enabled).")
AUTOMATIC = MetricSpec(
    "powerscale_repair_automatic",
    f"Whether repairs start by themselves, 0 if somebody must ask for each ({_SETTINGS}: repair_behavior).",
)
ACTIONS = MetricSpec("powerscale_repair_actions", f"Repair actions that are installed ({_ACTIONS}).")
REQUESTS = MetricSpec(
    "powerscale_repair_requests", f"Repairs that were asked for, by status ({_REQUESTS}: status).", labels=("status",)
)
RESULT = MetricSpec(
    "powerscale_repair_item_result",
    f"1 for the result of the newest repair of the item ({_REQUESTS}: result).",
    labels=(*LABELS, "result"),
)
PASSED = MetricSpec(
    "powerscale_repair_item_passed",
    f"Whether the newest repair of the item passed; absent while it is pending or was skipped ({_REQUESTS}: result).",
    labels=LABELS,
)
QUEUED = MetricSpec(
    "powerscale_repair_item_queue_timestamp_seconds",
    f"When the newest repair of the item was asked for, in Unix time ({_REQUESTS}: queue_time).",
    unit="seconds",
    labels=LABELS,
)
METRICS = (ENABLED, AUTOMATIC, ACTIONS, REQUESTS, RESULT, PASSED, QUEUED)

SETTINGS_SCHEMA = RecordSchema(
    "repair_settings",
    labels=(),
    fields={"enabled": ENABLED.name, "automatic": AUTOMATIC.name},
    help="Whether the cluster repairs itself.",
)
SCHEMA = RecordSchema(
    "repair",
    labels=LABELS,
    fields={"passed": PASSED.name, "queue_timestamp_seconds": QUEUED.name},
    help="The newest repair of one item of HealthCheck.",
)


class Settings(msgspec.Struct):
    """The answer of repair/settings, whichever way the release wraps it."""

    settings: Any = None
    repair_enabled: Any = None
    repair_behavior: Any = None


class Request(msgspec.Struct):
    """One repair that was asked for, as much of it as is used."""

    item_id: Any = None
    status: Any = None
    result: Any = None
    queue_time: Any = None


class ActionPage(msgspec.Struct):
    """One page of the installed actions."""

    actions: list[Any]
    resume: Any = None


class RequestPage(msgspec.Struct):
    """One page of the repairs."""

    repairs: list[Request]
    resume: Any = None


class RepairsCollector:
    """Reads settings, actions and requests of the cluster's own repairs."""

    spec = CollectorSpec(
        "repairs",
        interval=300.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=(SETTINGS_SCHEMA, SCHEMA),
        privileges=("ISI_PRIV_SYS_SUPPORT",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once; releases before 9.12 have none of it.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        settings = await session.offered(_SINCE, _SETTINGS, Settings)
        actions = await listed(session, _SINCE, _ACTIONS, ActionPage, lambda page: page.actions, {})
        requests = await listed(session, _SINCE, _REQUESTS, RequestPage, lambda page: page.repairs, {})
        needs_one("repairs", settings, actions, requests)
        samples = (
            *(settings_of(settings, now, drift) if settings else ()),
            *(told(ACTIONS, len(actions), now) if actions is not None else ()),
            *(requests_of(requests, now, drift) if requests is not None else ()),
        )
        return Reading(samples, drift=drift.counts)


def settings_of(settings: Settings, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the settings into samples."""
    inner = settings.settings
    enabled = within(inner, "repair_enabled") if inner is not None else settings.repair_enabled
    behaviour = within(inner, "repair_behavior") if inner is not None else settings.repair_behavior
    yield from told(ENABLED, drift.flag(f"{_SETTINGS}: repair_enabled", enabled), now)
    word = word_of(drift, f"{_SETTINGS}: repair_behavior", behaviour, BEHAVIOURS)
    yield from told(AUTOMATIC, among(word, ("auto",), BEHAVIOURS), now)


def requests_of(requests: Iterable[Request], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the repairs, and tell for each item how its newest one ended."""
    found = list(requests)
    yield from tally(REQUESTS, [word_of(drift, f"{_REQUESTS}: status", one.status, STATUSES) for one in found], STATUSES, now)
    for item, (queued, request) in _newest(found, drift).items():
        word = word_of(drift, f"{_REQUESTS}: result", request.result, RESULTS)
        yield from holding(RESULT, word, now, item)
        ended = word if word in {"pass", "fail", "partial_fail"} else None
        yield from told(PASSED, None if ended is None else ended == "pass", now, item)
        yield from told(QUEUED, queued.timestamp(), now, item)


def _newest(requests: Iterable[Request], drift: Drift) -> Mapping[str, tuple[datetime, Request]]:
    """Give the newest repair of each item; an item of which one has no time has none, because it may be that one."""
    found: dict[str, tuple[datetime, Request]] = {}
    uncertain: set[str] = set()
    for request in requests:
        item, queued = name_of(request.item_id), drift.moment(f"{_REQUESTS}: queue_time", request.queue_time)
        if item and queued is None:
            uncertain.add(item)
        elif item and queued and (item not in found or queued > found[item][0]):
            found[item] = (queued, request)
    return {item: one for item, one in found.items() if item not in uncertain}
