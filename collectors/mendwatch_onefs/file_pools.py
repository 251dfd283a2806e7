"""FilePool policies: where files are put by rule, and whether the cluster accepts the rule. From filepool/policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, among, holding, once, told, word_of

LABELS = ("policy",)
_SOURCE = "filepool/policies"
STATES = ("ok", "disabled")

STATE = MetricSpec(
    "powerscale_file_pool_policy_state", f"1 for the state of the policy ({_SOURCE}: state).", labels=(*LABELS, "state")
)
OK = MetricSpec(
    "powerscale_file_pool_policy_ok",
    f"Whether the policy is in a good state, 0 if it is disabled ({_SOURCE}: state).",
    labels=LABELS,
)
ORDER = MetricSpec(
    "powerscale_file_pool_policy_order", f"When the policy is tried, 1 first ({_SOURCE}: apply_order).", labels=LABELS
)
POLICIES = MetricSpec("powerscale_file_pool_policies", f"FilePool policies ({_SOURCE}).")
METRICS = (STATE, OK, ORDER, POLICIES)

SCHEMA = RecordSchema(
    "file_pool_policy",
    labels=LABELS,
    fields={"ok": OK.name, "order": ORDER.name},
    help="One FilePool policy, without the default one.",
)


class Policy(msgspec.Struct):
    """One policy, as much of it as is used."""

    id: Any = None
    name: Any = None
    state: Any = None
    apply_order: Any = None


class Policies(msgspec.Struct):
    """The answer; this list has no pages."""

    policies: list[Policy]


class FilePoolsCollector:
    """Reads filepool/policies."""

    spec = CollectorSpec(
        "file_pools", interval=900.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_SMARTPOOLS",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        found = (await session.get(12, _SOURCE, Policies)).policies
        samples = tuple(samples_of(found, now, drift))
        return Reading(samples, complete=all_told(SCHEMA, (name_of(one.name) for one in found), samples), drift=drift.counts)


def samples_of(policies: Iterable[Policy], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn policies into samples."""
    found = list(policies)
    yield from told(POLICIES, len(found), now)
    for name, policy in once(found, lambda one: name_of(one.name) or name_of(one.id)).items():
        word = word_of(drift, f"{_SOURCE}: state", policy.state, STATES)
        yield from holding(STATE, word, now, name)
        yield from told(OK, among(word, ("ok",), STATES), now, name)
        yield from told(ORDER, drift.whole(f"{_SOURCE}: apply_order", policy.apply_order), now, name)
