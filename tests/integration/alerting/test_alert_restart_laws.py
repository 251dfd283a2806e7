"""Any day of a cluster, lived with and without restarts through real rules: the same is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer
from mendwatch.store.judged import worth_keeping

START = datetime(2030, 1, 1, tzinfo=UTC)
METRICS = (MetricSpec("q_usage", "", labels=("path",)), MetricSpec("q_limit", "", labels=("path",)))
KNOWN = KnownSchema(RecordSchema("quota", ("path",), {"usage": "q_usage", "limit": "q_limit"}), "cluster", 60.0, METRICS)
SPEC = CollectorSpec("quotas", 60.0, 10.0, METRICS, (KNOWN.schema,))
TARGET = Target("lab", "storage", "")
RULES = """
groups:
- name: all
  rules:
  - {alert: Worst, on: quota, when: usage / limit > 1.0, for: 1m}
  - {alert: Full, on: quota, when: usage / limit > 0.9, clear: usage / limit < 0.8, for: 3m, keep_firing_for: 4m,
     inhibited_by: [{alert: Worst, equal: [path]}]}
  - {alert: Gone, on: quota, when: usage / limit > 0.9, no_data: resolve, stale_after: 90s}
"""
#: (seconds since the last, does anybody restart, usage of each path; None is no sample)
_POLLS = st.lists(
    st.tuples(
        st.sampled_from([10, 60, 61, 200]),
        st.booleans(),
        st.lists(st.sampled_from([None, 70.0, 85.0, 95.0, 120.0]), min_size=2, max_size=2),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES, "utf-8")
    return loading.load([path], {"quota": KNOWN})


def lived(
    rules: RuleSet, polls: list[tuple[int, bool, list[float | None]]], *, restarts: bool
) -> list[tuple[str, str, str, datetime, str]]:
    """Live through polls; a restart keeps what was handed out to be saved, and nothing else."""
    engine, now = AlertEngine(rules, Renderer(Path())), START
    saved = {}
    told = []
    for gap, restart, usages in polls:
        now += timedelta(seconds=gap)
        if restart and restarts:
            engine = AlertEngine(rules, Renderer(Path()))
            assert not engine.restore(alert for alert in saved.values() if worth_keeping(alert))
        samples = [
            Sample(metric, value, (f"/{number}",))
            for number, usage in enumerate(usages)
            if usage is not None
            for metric, value in (("q_usage", usage), ("q_limit", 100.0))
        ]
        for step in (engine.observe(TARGET, "cluster", SPEC, Reading(tuple(samples)), now), engine.tick(now)):
            saved |= {(alert.rule, alert.fingerprint): alert for alert in step.alerts}
            told += [(t.alert.rule, t.alert.fingerprint, t.alert.state.value, t.at, t.reason) for t in step.transitions]
    return told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(polls=_POLLS)
@example(polls=[(10, False, [95.0, 95.0]), (10, False, [70.0, None]), (10, False, [95.0, None]), (200, True, [None, None])])
def test_restarts_at_any_point_change_nothing_that_is_told(
    rules: RuleSet, polls: list[tuple[int, bool, list[float | None]]]
) -> None:
    assert lived(rules, polls, restarts=True) == lived(rules, polls, restarts=False)
