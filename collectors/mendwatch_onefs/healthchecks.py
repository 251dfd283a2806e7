"""HealthCheck: the newest evaluation of each checklist, and what it found. From healthcheck/evaluations.

The list keeps every run of every checklist, so it is asked for newest first, without the items that passed, and only so far. What
an older run found is nobody's business: a checklist whose newest run cannot be told gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import healthcheck_items as items
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.cluster_zone import local, zone_of
from mendwatch_onefs.decoding import name_of, number, text
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.giving import all_told, among, holding, told, word_of

_SOURCE = "healthcheck/evaluations"
_NEWEST_FIRST = {"limit": "100", "sort": "start_time", "dir": "DESC"}
_ANY_ORDER = {"limit": "100"}
#: Pages that are read in one poll.
MOST_PAGES = 5
_BUDGET = 20_000
_NEVER = datetime.min.replace(tzinfo=UTC)

RUN_STATES = ("queued", "running", "paused", "failed", "completed", "corrupt")
PASSED_RESULTS = ("pass", "repaired")
RESULTS = (*PASSED_RESULTS, "fail")

LABELS = ("checklist",)
STATE = MetricSpec(
    "powerscale_healthcheck_state", f"1 for the state of the newest evaluation ({_SOURCE}: run_status).", labels=(*LABELS, "state")
)
PASSED = MetricSpec(
    "powerscale_healthcheck_passed",
    f"Whether the newest completed evaluation passed or was repaired ({_SOURCE}: result).",
    labels=LABELS,
)
START = MetricSpec(
    "powerscale_healthcheck_start_timestamp_seconds",
    f"When the newest completed evaluation started, in Unix time ({_SOURCE}: start_time).",
    unit="seconds",
    labels=LABELS,
)
ITEMS = MetricSpec(
    "powerscale_healthcheck_items",
    f"Items of the newest completed evaluation that did not pass, on all nodes, by status ({_SOURCE}: details.status).",
    labels=(*LABELS, "status"),
)
FAILING = MetricSpec(
    "powerscale_healthcheck_items_critical",
    f"Items of the newest completed evaluation that are critical or worse, on all nodes ({_SOURCE}: details.status).",
    labels=LABELS,
)
CUT = MetricSpec(
    "powerscale_healthcheck_evaluations_truncated", f"Whether there are more evaluations than are read ({_SOURCE}: resume)."
)
METRICS = (STATE, PASSED, START, ITEMS, FAILING, CUT, *items.METRICS)

SCHEMA = RecordSchema(
    "healthcheck",
    labels=LABELS,
    fields={"passed": PASSED.name, "items_critical": FAILING.name, "start_timestamp_seconds": START.name},
    help="The newest completed evaluation of one checklist.",
)


class Evaluation(msgspec.Struct):
    """One run of one checklist, as much of it as is used."""

    id: Any = None
    checklist_id: Any = None
    run_status: Any = None
    result: Any = None
    start_time: Any = None
    details: Any = None


class EvaluationPage(msgspec.Struct):
    """One page of the list."""

    evaluations: list[Evaluation]
    resume: Any = None


class HealthchecksCollector:
    """Reads the newest evaluations."""

    spec = CollectorSpec(
        "healthchecks",
        interval=600.0,
        timeout=120.0,
        metrics=METRICS,
        schemas=(SCHEMA, items.SCHEMA),
        budget=_BUDGET,
        privileges=("ISI_PRIV_SYS_SUPPORT",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch some pages once, newest first where the release can sort.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift, ordered = Drift(), True
        try:
            evaluations, cut = await _some(session, _NEWEST_FIRST)
        except Rejected:
            ordered = False
            evaluations, cut = await _some(session, _ANY_ORDER)
        flag = tuple(told(CUT, cut, now))
        if cut and not ordered:
            return Reading(flag)
        zone = await zone_of(session)
        samples = (*flag, *samples_of(evaluations, zone, now, drift))
        complete = frozenset[str]() if cut else complete_of(evaluations, zone, samples)
        return Reading(samples, complete=complete, drift=drift.counts)


async def _some(session: OneFSClient, query: Mapping[str, str]) -> tuple[list[Evaluation], bool]:
    """Read pages up to the bound, and tell whether there are more."""
    found: list[Evaluation] = []
    pages = 0
    async for page in session.pages(23, _SOURCE, EvaluationPage, query):
        found += page.evaluations
        pages += 1
        if pages == MOST_PAGES:
            return found, bool(text(page.resume))
    return found, False


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation with what was understood of it; `start` is None before it started."""

    evaluation: Evaluation
    state: str | None
    start: datetime | None


def samples_of(evaluations: Iterable[Evaluation], zone: ZoneInfo | None, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the newest evaluation of each checklist into samples."""
    for checklist, runs in _by_checklist(evaluations, zone, drift).items():
        if not _told(runs):
            continue
        yield from holding(STATE, newest_of(runs).state, now, checklist)
        newest = _completed(runs)
        if newest is not None:
            yield from _result(checklist, newest, zone, now, drift)


def complete_of(evaluations: Sequence[Evaluation], zone: ZoneInfo | None, samples: Sequence[Sample]) -> frozenset[str]:
    """Name the schemas of which all is told: the newest run of each checklist is certain, and so is every item of it."""
    found = _by_checklist(evaluations, zone, Drift())
    if bool(found) != bool(evaluations) or not all(map(_told, found.values())):
        return frozenset()
    newest = {name: run for name, runs in found.items() if (run := _completed(runs)) is not None}
    failing = [one for name, run in newest.items() for one in _failing_names(name, run)]
    return all_told(SCHEMA, newest, samples) | all_told(items.SCHEMA, failing, samples)


def _completed(runs: Sequence[Run]) -> Evaluation | None:
    completed = [run for run in runs if run.state == "completed"]
    return newest_of(completed).evaluation if completed else None


def _failing_names(checklist: str, run: Evaluation) -> list[tuple[str, ...] | None]:
    found = _failing(run, Drift())
    return [None] if found is None else [(checklist, item.name, item.node) for item in found]


def _failing(run: Evaluation, drift: Drift) -> list[items.Item] | None:
    """Give the items that did not pass; None where the run does not tell."""
    passed = among(word_of(Drift(), "", run.result, RESULTS), PASSED_RESULTS, RESULTS)
    return None if run.details is None and passed is not True else items.items_of(run.details, drift)


def newest_of(runs: Sequence[Run]) -> Run:
    """Give the newest of some runs: the first that has not started yet, else the one that started last."""
    waiting = [run for run in runs if run.start is None]
    return waiting[0] if waiting else max(runs, key=lambda run: run.start or _NEVER)


def _told(runs: Sequence[Run]) -> bool:
    """Tell whether it is certain which run is the newest: of each its state is known, and its start if it completed."""
    return all(run.state is not None and (run.start is not None or run.state != "completed") for run in runs)


def _by_checklist(evaluations: Iterable[Evaluation], zone: ZoneInfo | None, drift: Drift) -> dict[str, list[Run]]:
    """Sort the runs; one that does not tell its checklist may be the newest of any, so nobody knows any then."""
    found: dict[str, list[Run]] = {}
    for one in evaluations:
        name = name_of(one.checklist_id)
        if name is None:
            drift.odd(f"{_SOURCE}: checklist_id")
            return {}
        state = word_of(drift, f"{_SOURCE}: run_status", one.run_status, RUN_STATES)
        # To order the runs any zone will do, as long as it is the same for all.
        found.setdefault(name, []).append(Run(one, state, started(one, zone or ZoneInfo("UTC"), drift)))
    return found


def started(evaluation: Evaluation, zone: ZoneInfo | None, drift: Drift) -> datetime | None:
    """Give when a run started; OneFS tells it in epoch seconds or as a date and time of the cluster."""
    if number(evaluation.start_time) is not None:
        return drift.moment(f"{_SOURCE}: start_time", evaluation.start_time)
    found = local(evaluation.start_time, zone)
    if found is None and zone is not None and evaluation.start_time is not None:
        drift.odd(f"{_SOURCE}: start_time")
    return found.astimezone(UTC) if found else None


def _result(checklist: str, run: Evaluation, zone: ZoneInfo | None, now: datetime, drift: Drift) -> Iterator[Sample]:
    result = word_of(drift, f"{_SOURCE}: result", run.result, RESULTS)
    yield from told(PASSED, among(result, PASSED_RESULTS, RESULTS), now, checklist)
    start = started(run, zone, Drift())
    yield from told(START, start.timestamp() if start else None, now, checklist)
    found = _failing(run, drift)
    if found is None:
        return  # it did not pass, and does not tell why
    for status, count in items.counts_of(found).items():
        yield Sample(ITEMS.name, float(count), (checklist, status), now)
    yield from told(FAILING, items.critical(found), now, checklist)
    yield from items.samples_of(checklist, found, now, drift)
