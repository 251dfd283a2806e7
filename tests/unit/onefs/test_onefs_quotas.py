"""From quota/quotas to samples: the usage that limits apply to, and nothing while it is not known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import pytest

from mendwatch.model.samples import Reading
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.kept import Kept, columns_of, layout_of
from mendwatch_onefs.quota_metrics import METRICS, PERSONA_METRICS, PERSONA_SCHEMA, SCHEMA
from mendwatch_onefs.quota_rows import QuotaPage, QuotaRows, key_of, persona_key_of
from mendwatch_onefs.quotas import QuotasCollector

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Series = dict[tuple[str, tuple[str, ...]], float]
READY = ("applogical", "fslogical", "physical", "inodes")


def _quota(**changes: object) -> dict[str, object]:
    usage = {"applogical": 100, "fslogical": 110, "physical": 150, "inodes": 7, **{f"{name}_ready": True for name in READY}}
    thresholds = {
        "hard": 1000,
        "soft": 900,
        "advisory": 800,
        "hard_exceeded": False,
        "soft_exceeded": True,
        "advisory_exceeded": True,
    }
    base = {"path": "/ifs/a", "type": "directory", "ready": True, "enforced": True, "linked": False, "include_snapshots": False}
    rest = {
        "thresholds_on": "fslogicalsize",
        "usage": usage,
        "thresholds": thresholds,
        "efficiency_ratio": 0.75,
        "reduction_ratio": 1.2,
    }
    return {**base, **rest, **changes}


def _series(*bodies: bytes, drift: Drift | None = None) -> Series:
    """Give what pages of quotas become."""
    rows = QuotaRows(key_of, NOW.timestamp(), drift or Drift())
    for body in bodies:
        rows.add(decode(body, QuotaPage, "test").quotas)
    columns = asyncio.run(columns_of(METRICS, rows.settled(), rows.columns, Kept()))
    samples = [sample for one in columns for sample in one.samples()]
    assert len(samples) == Reading(columns=columns).size
    return {(sample.metric, sample.labels): sample.value for sample in samples}


def _page(*quotas: dict[str, object]) -> bytes:
    return json.dumps({"quotas": quotas, "resume": None}).encode()


def _read(*quotas: dict[str, object], pages: int = 1, drift: Drift | None = None) -> dict[str, float]:
    bodies = [_page(*quotas)] if pages == 1 else [_page(quota) for quota in quotas]
    return {metric.removeprefix("powerscale_quota_"): value for (metric, _), value in _series(*bodies, drift=drift).items()}


def test_a_quota_gives_every_field() -> None:
    assert _read(_quota()) == {
        "usage_bytes": 110.0,
        "physical_bytes": 150.0,
        "hard_limit_bytes": 1000.0,
        "soft_limit_bytes": 900.0,
        "advisory_limit_bytes": 800.0,
        "hard_exceeded": 0.0,
        "soft_exceeded": 1.0,
        "advisory_exceeded": 1.0,
        "inodes": 7.0,
        "efficiency_ratio": 0.75,
        "reduction_ratio": 1.2,
        "ready": 1.0,
        "enforced": 1.0,
        "linked": 0.0,
    }


@pytest.mark.parametrize(("measure", "value"), [("applogicalsize", 100.0), ("fslogicalsize", 110.0), ("physicalsize", 150.0)])
def test_thresholds_on_picks_the_usage_that_the_limits_apply_to(measure: str, value: float) -> None:
    assert _read(_quota(thresholds_on=measure))["usage_bytes"] == value


@pytest.mark.parametrize("measure", ["reducedsize", "", 5, [], None])
def test_an_unknown_measure_gives_no_usage(measure: object) -> None:
    assert "usage_bytes" not in _read(_quota(thresholds_on=measure))


@pytest.mark.parametrize("ready", [False, None, "maybe"])
def test_a_quota_that_is_not_ready_gives_no_usage_and_keeps_its_limits(ready: object) -> None:
    found = _read(_quota(ready=ready, usage={"fslogical": 0, "inodes": 0}))
    assert not {"usage_bytes", "inodes", "efficiency_ratio", "reduction_ratio"} & set(found)
    assert found["hard_limit_bytes"] == 1000.0
    assert found.get("ready") == (0.0 if ready is False else None)


def test_one_measure_that_is_not_ready_gives_no_usage() -> None:
    found = _read(_quota(usage={"fslogical": 0, "fslogical_ready": False, "inodes": 7, "inodes_ready": True}))
    assert "usage_bytes" not in found
    assert found["inodes"] == 7.0


@pytest.mark.parametrize("limit", [None, 0, "", "none", -5, False])
def test_a_limit_that_is_not_set_gives_no_sample(limit: object) -> None:
    found = _read(_quota(thresholds={"hard": limit, "soft": limit, "advisory": limit}))
    assert not {"hard_limit_bytes", "soft_limit_bytes", "advisory_limit_bytes"} & set(found)


def test_a_true_usage_of_0_is_0() -> None:
    assert _read(_quota(usage={"fslogical": 0, "fslogical_ready": True}))["usage_bytes"] == 0.0


def test_numbers_as_text_are_numbers() -> None:
    found = _read(_quota(usage={"fslogical": "110"}, thresholds={"hard": "1000"}))
    assert (found["usage_bytes"], found["hard_limit_bytes"]) == (110.0, 1000.0)


@pytest.mark.parametrize("missing", ["usage", "thresholds", "thresholds_on", "efficiency_ratio", "ready", "enforced"])
def test_a_field_that_is_absent_or_null_costs_its_own_samples_only(missing: str) -> None:
    null, absent = _quota(**{missing: None}), {name: value for name, value in _quota().items() if name != missing}
    assert _read(null) == _read(absent)
    assert _read(null).items() < _read(_quota()).items()


@pytest.mark.parametrize("missing", ["path", "type"])
def test_a_quota_that_cannot_be_named_gives_nothing(missing: str) -> None:
    assert _read(_quota(**{missing: None})) == {}


def test_of_two_quotas_of_one_path_the_enforced_one_is_shown() -> None:
    enforced = _quota(thresholds={"hard": 1})
    accounted = _quota(enforced=False, include_snapshots=True, thresholds={"hard": None})
    for order, pages in product(([enforced, accounted], [accounted, enforced]), (1, 2)):
        found = _read(*order, pages=pages)
        assert (found["enforced"], found["hard_limit_bytes"]) == (1.0, 1.0)


def test_of_two_enforced_quotas_of_one_path_the_one_without_snapshots_is_shown() -> None:
    without = _quota(thresholds={"soft": 1})
    with_snapshots = _quota(include_snapshots=True, thresholds={"soft": 2})
    for order in ([without, with_snapshots], [with_snapshots, without]):
        assert _read(*order)["soft_limit_bytes"] == 1.0


def test_two_hard_limits_of_one_path_are_none_because_neither_is_the_whole_truth() -> None:
    without = _quota(thresholds={"hard": 1})
    with_snapshots = _quota(include_snapshots=True, thresholds={"hard": 2})
    for order, pages in product(([without, with_snapshots], [with_snapshots, without]), (1, 2)):
        found = _read(*order, pages=pages)
        assert "hard_limit_bytes" not in found
        assert found["usage_bytes"] == 110.0


def test_a_quota_that_two_pages_have_because_the_list_changed_keeps_its_hard_limit() -> None:
    found = _read(_quota(id="a"), _quota(id="a"), pages=2)
    assert found["hard_limit_bytes"] == 1000.0


def test_the_other_quotas_of_a_page_keep_their_rows_beside_a_double() -> None:
    quotas = [_quota(path=f"/ifs/{number}", thresholds={"hard": number + 1}) for number in range(5)]
    series = _series(_page(*quotas), _page(_quota(path="/ifs/2", thresholds={"hard": 9}), _quota(path="/ifs/9")))
    hard = {labels[0]: value for (metric, labels), value in series.items() if metric == "powerscale_quota_hard_limit_bytes"}
    assert hard == {"/ifs/0": 1.0, "/ifs/1": 2.0, "/ifs/3": 4.0, "/ifs/4": 5.0, "/ifs/9": 1000.0}


def test_a_soft_limit_that_was_hit_tells_how_long_writes_still_work() -> None:
    limits = {"soft": 900, "soft_exceeded": True, "soft_grace": 3600, "soft_last_exceeded": int(NOW.timestamp()) - 600}
    assert _read(_quota(thresholds=limits))["soft_grace_left_seconds"] == 3000.0
    assert _read(_quota(thresholds={**limits, "soft_grace": 60}))["soft_grace_left_seconds"] == 0.0
    for change in ({"soft_exceeded": False}, {"soft_last_exceeded": 0}, {"soft_last_exceeded": "soon"}, {"soft_grace": None}):
        assert "soft_grace_left_seconds" not in _read(_quota(thresholds={**limits, **change}))


def test_what_is_not_understood_is_counted_by_its_field_and_costs_one_number() -> None:
    drift = Drift()
    found = _read(_quota(enforced="perhaps", efficiency_ratio=-1, thresholds={"hard": 10**400}), drift=drift)
    assert not {"enforced", "efficiency_ratio", "hard_limit_bytes"} & set(found)
    assert drift.counts == {
        "quota/quotas: enforced": 1,
        "quota/quotas: efficiency_ratio": 1,
        "quota/quotas: thresholds.hard": 1,
    }


def test_a_quota_of_a_person_has_metrics_of_its_own_with_whose_it_is() -> None:
    rows = QuotaRows(persona_key_of, NOW.timestamp(), Drift())
    mine = _quota(type="user", persona={"id": "UID:2001", "name": "alice", "type": "user"})
    rows.add(decode(_page(mine, _quota(type="user", persona={"name": "bob"}), _quota(type="user")), QuotaPage, "test").quotas)
    keys = rows.settled()
    assert keys == [("/ifs/a", "user", "UID:2001"), ("/ifs/a", "user", "bob")]
    assert len(layout_of(PERSONA_METRICS, keys)) == sum(map(len, rows.columns))


def test_a_path_is_a_label_exactly_as_it_is_named() -> None:
    path = "/ifs/{{ lookup('pipe','touch pwned') }}\n\"x\""
    assert {labels for _, labels in _series(_page(_quota(path=path)))} == {(path, "directory")}


@pytest.mark.parametrize("name", ["client1-quotas.json", "client2-quotas.json"])
def test_the_recorded_quotas_of_older_releases_are_read(name: str, recorded: Callable[[str], bytes]) -> None:
    body = b'{"quotas": ' + recorded(f"csm-metrics-powerscale/{name}") + b"}"
    series = _series(body)
    raw = {(q["path"], q["type"]): q for q in json.loads(recorded(f"csm-metrics-powerscale/{name}"))}
    used = {labels: value for (metric, labels), value in series.items() if metric == "powerscale_quota_usage_bytes"}
    assert used == {labels: float(q["usage"]["logical"]) for labels, q in raw.items() if q["ready"]}
    hard = {labels: value for (metric, labels), value in series.items() if metric == "powerscale_quota_hard_limit_bytes"}
    assert hard == {labels: float(q["thresholds"]["hard"]) for labels, q in raw.items() if q["thresholds"]["hard"]}


def test_overhead_chose_the_measure_in_older_releases() -> None:
    old = _quota(thresholds_on=None, usage={"logical": 5, "physical": 9})
    assert _read({**old, "thresholds_include_overhead": False})["usage_bytes"] == 5.0
    assert _read({**old, "thresholds_include_overhead": True})["usage_bytes"] == 9.0
    assert "usage_bytes" not in _read(old)


def test_the_schema_that_rules_are_written_against() -> None:
    assert SCHEMA.name == "quota"
    assert SCHEMA.labels == ("path", "type")
    assert SCHEMA.fields["usage_bytes"] == "powerscale_quota_usage_bytes"
    assert SCHEMA.fields["hard_limit_bytes"] == "powerscale_quota_hard_limit_bytes"
    assert SCHEMA.fields["soft_limit_bytes"] == "powerscale_quota_soft_limit_bytes"
    assert SCHEMA.fields["advisory_limit_bytes"] == "powerscale_quota_advisory_limit_bytes"
    declared = {spec.name for spec in QuotasCollector().spec.metrics}
    assert {*SCHEMA.fields.values(), *PERSONA_SCHEMA.fields.values()} == declared
    assert PERSONA_SCHEMA.labels == ("path", "type", "persona")
