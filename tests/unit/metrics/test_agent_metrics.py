"""The agent's own metrics: counted where they happen, absent until somebody knows them."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from mendwatch.metrics import exposition
from mendwatch.metrics.agent import FAILED, AgentMetrics, Watched
from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.notices import Notice
from mendwatch.model.runs import RunState
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(metrics: AgentMetrics) -> dict[str, float]:
    found = text_string_to_metric_families(b"".join(metrics.pieces(Format.TEXT)).decode())
    return {
        sample.name + str(dict(sorted(sample.labels.items())) or ""): sample.value for family in found for sample in family.samples
    }


def test_a_failed_poll_is_counted_by_result_and_by_error() -> None:
    metrics = AgentMetrics(NOW)
    metrics.polled("prod", "quotas", FAILED)
    metrics.poll_failed("prod", "quotas", "bad_answer")
    got = read(metrics)
    assert got["mendwatch_polls_total{'collector': 'quotas', 'result': 'failed', 'target': 'prod'}"] == 1
    assert got["mendwatch_poll_errors_total{'code': 'bad_answer', 'collector': 'quotas', 'target': 'prod'}"] == 1


def test_drift_is_counted_by_field_and_a_field_is_new_once() -> None:
    metrics = AgentMetrics(NOW)

    assert metrics.drifted("prod", "quotas", {"usage": 2, "bad\ud800name": 1}) == ("usage", "bad\\ud800name")
    assert metrics.drifted("prod", "quotas", {"usage": 3}) == ()
    assert metrics.drifted("lab", "quotas", {"usage": 1}) == ("usage",)
    got = read(metrics)
    assert got["mendwatch_decode_drift_total{'collector': 'quotas', 'field': 'usage', 'target': 'prod'}"] == 5
    assert got["mendwatch_decode_drift_total{'collector': 'quotas', 'field': 'usage', 'target': 'lab'}"] == 1


def test_a_target_that_drifts_everywhere_has_a_bounded_number_of_series() -> None:
    metrics = AgentMetrics(NOW)
    new = metrics.drifted("prod", "quotas", {f"field-{number}": 1 for number in range(1000)})
    again = metrics.drifted("prod", "nodes", {"field-0": 1, "one more": 4})

    series = [name for name in read(metrics) if name.startswith("mendwatch_decode_drift_total")]
    assert (len(new), new[-1], again) == (101, "other", ("other",))
    assert len(series) == 102
    assert read(metrics)["mendwatch_decode_drift_total{'collector': 'nodes', 'field': 'other', 'target': 'prod'}"] == 5


def test_the_end_of_the_certificate_is_there_where_there_is_one_and_it_is_known() -> None:
    name = "mendwatch_web_certificate_not_after_timestamp_seconds"
    metrics, known = AgentMetrics(NOW), list[float | None]([None])
    assert name not in read(metrics)

    metrics.watch_certificate(lambda: known[0])
    assert name not in read(metrics)
    known[0] = 1.9e9
    assert read(metrics)[name] == 1.9e9


def test_what_was_never_measured_is_absent_and_not_zero() -> None:
    metrics = AgentMetrics(NOW)
    before = read(metrics)
    metrics.audit_head(7)
    metrics.loop_lagged(0.25)
    metrics.loop_lagged(0.5)
    after = read(metrics)
    assert not {"mendwatch_audit_head_sequence", "mendwatch_event_loop_lag_seconds"} & before.keys()
    assert (after["mendwatch_audit_head_sequence"], after["mendwatch_event_loop_lag_seconds"]) == (7, 0.5)


def test_every_state_of_a_run_is_counted_from_the_start() -> None:
    metrics = AgentMetrics(NOW)
    metrics.run_entered(RunState.VERIFIED)
    got = {state: read(metrics)[f"mendwatch_run_transitions_total{{'state': '{state}'}}"] for state in RunState}
    assert got == {state: float(state is RunState.VERIFIED) for state in RunState}


def test_a_state_that_has_nothing_any_more_shows_none() -> None:
    metrics = AgentMetrics(NOW)
    metrics.runs_are({RunState.PENDING: 2})
    metrics.alerts_are({AlertState.FIRING: 1})
    metrics.runs_are({RunState.APPLYING: 1})
    metrics.alerts_are({})
    got = read(metrics)
    assert got["mendwatch_runs{'state': 'pending'}"] == 0
    assert got["mendwatch_runs{'state': 'applying'}"] == 1
    assert got["mendwatch_alerts{'state': 'firing'}"] == 0


def test_alerts_notices_and_bugs_are_counted() -> None:
    metrics = AgentMetrics(NOW)
    alert = Alert("f", "R", "prod", {}, {}, AlertState.FIRING, NOW, {}, {})
    metrics.alert_changed(Transition(AlertState.PENDING, alert, NOW, "why"))
    metrics.noticed(Notice(NOW, "run.pending", "text"))
    metrics.bug("polling")
    got = read(metrics)
    assert got["mendwatch_alert_transitions_total{'state': 'firing'}"] == 1
    assert got["mendwatch_notices_total{'kind': 'run.pending'}"] == 1
    assert got["mendwatch_bugs_total{'where': 'polling'}"] == 1


def test_no_series_is_about_creation() -> None:
    metrics = AgentMetrics(NOW)
    metrics.bug("polling")
    assert not [name for name in read(metrics) if "_created" in name]


def test_two_agents_in_one_process_count_apart() -> None:
    one, two = AgentMetrics(NOW), AgentMetrics(NOW)
    one.bug("polling")
    assert not [name for name in read(two) if name.startswith("mendwatch_bugs_total{")]


def test_refused_samples_are_seen_from_outside_whatever_their_name() -> None:
    metrics, families = AgentMetrics(NOW), Families()
    metrics.watch(Watched(lambda: families.series_count(0), lambda: 1, lambda: 2, lambda: 3, lambda: families.refused))
    families.publish(Target("t", "p", "a"), "target", "s", [Sample("bad\ud800", 1.0)], now=0, lifetime=1)
    got = read(metrics)
    assert got["mendwatch_samples_refused_total{'metric': 'bad\\\\ud800', 'reason': 'undeclared'}"] == 1
    assert [got[f"mendwatch_{name}"] for name in ("series", "history_series", "history_samples", "history_dropped_total")] == [
        0,
        1,
        2,
        3,
    ]


def test_the_page_holds_the_targets_and_the_agent() -> None:
    metrics, families = AgentMetrics(NOW), Families()
    families.declare("cluster", (MetricSpec("ps_load", "Load."),))
    families.publish(Target("t", "p", "a"), "cluster", "s", [Sample("ps_load", 1.0)], now=0, lifetime=10)
    page = exposition.render(families, metrics, 1).decode()
    assert 'ps_load{cluster="t"} 1.0\n# HELP ' in page
    assert "mendwatch_build_info{" in page
    assert page.endswith("\n")
