"""Licences: what is paid for, and until when. From license/licenses.

A licence without an expiration is perpetual and gives no expiry. The date is the last day of the licence in the cluster's own time
zone, so the moment of its end is the midnight after it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.cluster_zone import end_of_day, zone_of
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, among, holding, listed, needs_one, once, told, word_of

LABELS = ("licence",)
_SOURCE = "license/licenses"
_DAY = 86_400
VALID = ("licensed", "evaluation")
TRIAL = ("evaluation", "evaluation_expired")
STATES = (*VALID, "evaluation_expired", "expired", "unlicensed")


def _spec(name: str, words: str, field: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_licence_{name}", f"{words} ({_SOURCE}: {field}).", unit=unit, labels=LABELS)


STATE = MetricSpec("powerscale_licence_state", f"1 for the state of the licence ({_SOURCE}: status).", labels=(*LABELS, "state"))
ACTIVE = _spec("active", "Whether the feature may be used: 1 licensed or in evaluation, 0 expired or never licensed", "status")
EVALUATION = _spec("evaluation", "Whether this is a trial, running or over", "status")
REMAINING = _spec(
    "remaining_seconds",
    "Whole days until the licence expires, in seconds; negative since it expired, absent for a perpetual one",
    "days_to_expiry, days_since_expiry",
    "seconds",
)
EXPIRY = _spec(
    "expiry_timestamp_seconds",
    "When the licence ends, in Unix time: the end of its last day in the cluster's time zone; absent for a perpetual one",
    "expiration",
    "seconds",
)
EXPIRING_ALERT = _spec("expiring_alert", "Whether the cluster itself warns that the licence expires", "expiring_alert")
EXPIRED_ALERT = _spec("expired_alert", "Whether the cluster itself warns that the licence has expired", "expired_alert")
EXCEEDED = _spec(
    "entitlements_exceeded", "Entitlements of nodes or capacity that are exceeded", "tiers.entitlements_exceeded_alerts"
)
FIELDS = (ACTIVE, EVALUATION, REMAINING, EXPIRY, EXPIRING_ALERT, EXPIRED_ALERT, EXCEEDED)
SIGNED = MetricSpec(
    "powerscale_licence_file_valid", f"Whether the licence file has a valid signature ({_SOURCE}: valid_signature)."
)
INCOMPLETE = MetricSpec(
    "powerscale_licence_activation_incomplete",
    f"Whether the cluster warns that no signed licence file was installed ({_SOURCE}: activation_incomplete_alert).",
)
METRICS = (STATE, *FIELDS, SIGNED, INCOMPLETE)

SCHEMA = RecordSchema(
    "licence",
    labels=LABELS,
    fields={spec.name.removeprefix("powerscale_licence_"): spec.name for spec in FIELDS},
    help="The licence of one feature.",
)


class Licence(msgspec.Struct):
    """The licence of one feature, as much of it as is used."""

    id: Any = None
    name: Any = None
    status: Any = None
    expiration: Any = None
    days_to_expiry: Any = None
    days_since_expiry: Any = None
    expiring_alert: Any = None
    expired_alert: Any = None
    tiers: Any = None


class LicencePage(msgspec.Struct):
    """One page of the list, with what holds for the cluster's licence file."""

    licenses: list[Licence]
    valid_signature: Any = None
    activation_incomplete_alert: Any = None
    resume: Any = None


class LicencesCollector:
    """Reads every licence and the cluster's time zone."""

    spec = CollectorSpec(
        "licences", interval=3600.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_LICENSE",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        pages = await listed(session, 5, _SOURCE, LicencePage, lambda page: [page], {})
        needs_one("licences", pages)
        drift, zone = Drift(), await zone_of(session)
        found = pages or []
        licences = [licence for page in found for licence in page.licenses]
        samples = (*samples_of(licences, zone, now, drift), *(file_of(found[0], now, drift) if found else ()))
        return Reading(samples, complete=all_told(SCHEMA, (name_of(one.name) for one in licences), samples), drift=drift.counts)


def samples_of(licences: Iterable[Licence], zone: ZoneInfo | None, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn licences into samples; without a known time zone none has an expiry."""
    for name, licence in once(licences, lambda one: name_of(one.name) or name_of(one.id)).items():
        word = word_of(drift, f"{_SOURCE}: status", licence.status, STATES)
        yield from holding(STATE, word, now, name)
        yield from told(ACTIVE, among(word, VALID, STATES), now, name)
        yield from told(EVALUATION, among(word, TRIAL, STATES), now, name)
        yield from told(REMAINING, remaining(licence, drift), now, name)
        yield from told(EXPIRY, expiry(licence.expiration, zone, drift), now, name)
        yield from told(EXPIRING_ALERT, drift.flag(f"{_SOURCE}: expiring_alert", licence.expiring_alert), now, name)
        yield from told(EXPIRED_ALERT, drift.flag(f"{_SOURCE}: expired_alert", licence.expired_alert), now, name)
        yield from told(EXCEEDED, exceeded(licence.tiers, drift), now, name)


def file_of(page: LicencePage, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Tell how the cluster's licence file is."""
    yield from told(SIGNED, drift.flag(f"{_SOURCE}: valid_signature", page.valid_signature), now)
    yield from told(INCOMPLETE, drift.flag(f"{_SOURCE}: activation_incomplete_alert", page.activation_incomplete_alert), now)


def remaining(licence: Licence, drift: Drift) -> float | None:
    """Give the seconds until the licence expires, as the cluster counts the days; negative since it has."""
    left = drift.whole(f"{_SOURCE}: days_to_expiry", licence.days_to_expiry)
    over = drift.whole(f"{_SOURCE}: days_since_expiry", licence.days_since_expiry)
    if left and over:  # it cannot be both
        drift.odd(f"{_SOURCE}: days_to_expiry")
        return None
    if over:
        return -float(over * _DAY)
    return None if left is None else float(left * _DAY)


def expiry(raw: Any, zone: ZoneInfo | None, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    """Give the moment at which the licence ends, in epoch seconds; None for a perpetual one or in an unknown zone."""
    if raw is None or raw == "":
        return None
    try:
        day = date.fromisoformat(raw) if isinstance(raw, str) else None
        end = end_of_day(day, zone).timestamp() if day and zone else None
    except (ValueError, OverflowError):
        day = end = None
    if day is None:
        drift.odd(f"{_SOURCE}: expiration")
    return end


def exceeded(tiers: Any, drift: Drift) -> int | None:  # noqa: ANN401 - foreign data
    """Count the entitlements that are exceeded over all tiers; None where that is not told."""
    if tiers is None:
        return None
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        drift.odd(f"{_SOURCE}: tiers")
        return None
    alerts = [tier.get("entitlements_exceeded_alerts") or [] for tier in tiers]
    if not all(isinstance(one, list) for one in alerts):
        drift.odd(f"{_SOURCE}: tiers.entitlements_exceeded_alerts")
        return None
    return sum(map(len, alerts))
