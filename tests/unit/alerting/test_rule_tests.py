"""Tests that stand in a rule's file: the notation, the verdicts, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendwatch.alerting import rule_tests, series
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.errors import ContentError

RULES = """
groups:
- name: g
  rules:
  - alert: Full
    on: quota
    match: ['site!="attic"']
    when: usage_bytes / hard_limit_bytes > 0.9
    for: 2m
    key: [cluster, path]
    labels: {severity: warning}
    annotations: {summary: '{{ path }} {{ pct(usage_bytes / hard_limit_bytes) }}'}
    inhibited_by: [{alert: Down, equal: [cluster]}]
    remediate: {remediation: a/b, mode: MODE, variables: {path: path, limit: hard_limit_bytes * 1.1, soft: int(SOFT)}}
  - {alert: Down, on: node, when: up < 1.0}
tests:
"""
SERIES = """
- name: the test
  input_series:
  - {series: 'storage_quota_usage_bytes{cluster="lab", path="/a", type="directory"}', values: '95x10'}
  - {series: 'storage_quota_hard_limit_bytes{cluster="lab", path="/a", type="directory"}', values: '100x10'}
"""
LABELS = "{cluster: lab, path: /a, type: directory, severity: warning}"


def run(
    known: dict[str, KnownSchema], folder: Path, tests: str, mode: str = "approve", soft: str = "usage_bytes"
) -> rule_tests.Report:
    path = folder / "r.yaml"
    path.write_text(RULES.replace("MODE", mode).replace("SOFT", soft) + tests, "utf-8")
    return rule_tests.run([path], known)


def failures(
    known: dict[str, KnownSchema], folder: Path, expectation: str, mode: str = "approve", soft: str = "usage_bytes"
) -> str:
    (outcome,) = run(known, folder, SERIES + expectation, mode, soft).outcomes
    return "\n".join(outcome.failures)


RUN = "{eval_time: 2m, alertname: Full, remediation: a/b, mode: approve, variables: {path: /a, limit: 110.0, soft: 95}}"


def alerts(time: str, *expected: str) -> str:
    """Write which alerts are expected; `LABELS` stands for those of the quota."""
    listed = ", ".join(f"{{exp_labels: {item}}}" for item in expected)
    return f"  alert_rule_test:\n  - {{eval_time: {time}, alertname: Full, exp_alerts: [{listed}]}}\n"


@pytest.mark.parametrize(
    "expectation",
    [
        alerts("1m"),
        alerts("2m", LABELS),
        alerts("2m", f"{LABELS}, exp_annotations: {{summary: /a 95.0 %}}"),
        alerts("90s"),
        alerts("13m", f"{LABELS}, exp_state: no_data"),
        "  exp_runs: [{eval_time: 2m, alertname: Full, remediation: a/b}]\n",
        f"  exp_runs: [{RUN}]\n",
        "  exp_runs: [{eval_time: 1m, alertname: Full, remediation: null}]\n",
        "  exp_blocked: []\n",
    ],
)
def test_what_is_so_passes(known: dict[str, KnownSchema], tmp_path: Path, expectation: str) -> None:
    assert failures(known, tmp_path, expectation) == ""


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        (alerts("2m"), "came     firing"),
        (alerts("1m", LABELS), "came     none"),
        (alerts("2m", "{cluster: lab}"), '- expected firing {"cluster": "lab"}'),
        (alerts("2m", f"{LABELS}, exp_annotations: {{summary: other}}"), '"/a 95.0 %"'),
        (alerts("2m", LABELS, LABELS), "Full at 2m: alerts"),
        (alerts("13m", LABELS), "came     no_data"),
        (alerts("13m"), "came     no_data"),
        ("  exp_runs: [{eval_time: 1m, alertname: Full, remediation: a/b}]\n", "came     none"),
        ("  exp_runs: [{eval_time: 2m, alertname: Full, remediation: null}]\n", "expected none"),
        ("  exp_runs: [{eval_time: 2m, alertname: Full, remediation: a/c}]\n", "expected a/c"),
        ("  exp_runs: [{eval_time: 2m, alertname: Full, remediation: a/b, mode: auto}]\n", "came     a/b approve"),
        ("  exp_runs: [{eval_time: 2m, alertname: Full, remediation: a/b, variables: {path: /a, limit: 110.0}}]\n", '"soft": 95'),
        (
            "  exp_runs: [{eval_time: 2m, alertname: Full, remediation: a/b, variables: {path: /a, limit: 110.0, soft: '95'}}]\n",
            '"soft": 95',
        ),
        ("  exp_blocked: [{eval_time: 2m, alertname: Full, reason: observe}]\n", "expected observe"),
    ],
)
def test_what_is_not_so_fails_and_says_what_came(
    known: dict[str, KnownSchema], tmp_path: Path, expectation: str, said: str
) -> None:
    assert said in failures(known, tmp_path, expectation)


def test_a_rule_that_only_observes_is_blocked_and_asks_for_no_run(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    expectation = (
        "  exp_blocked: [{eval_time: 2m, alertname: Full, reason: observe}]\n"
        "  exp_runs: [{eval_time: 2m, alertname: Full, remediation: null}]\n"
    )

    assert failures(known, tmp_path, expectation, mode="observe") == ""


def test_what_is_inhibited_is_blocked(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    down = "  - {series: 'storage_node_up{cluster=\"lab\", node=\"1\"}', values: '0x10'}\n"
    expectation = (
        "  exp_blocked: [{eval_time: 1m, alertname: Down, reason: observe}, {eval_time: 4m, alertname: Full, reason: inhibited}]\n"
    )

    said = failures(known, tmp_path, down + expectation)

    assert "Down at 1m: blocked" in said  # Down asks for nothing, so nothing of it can be blocked
    assert "Full" not in said


def test_variables_without_a_value_block(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    assert (
        failures(known, tmp_path, "  exp_blocked: [{eval_time: 5m, alertname: Full, reason: variables}]\n", soft="soft_limit_bytes")
        == ""
    )


def test_labels_that_the_schema_has_not_are_the_operators(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    (outcome,) = run(known, tmp_path, SERIES.replace('type="directory"', 'type="directory", site="attic"') + alerts("5m")).outcomes

    assert outcome.failures == ()


def test_the_report_counts_and_shows_a_difference(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    report = run(known, tmp_path, SERIES + alerts("2m") + SERIES.replace("the test", "another") + alerts("1m"))
    lines = report.text().splitlines()

    assert not report.passed
    assert [line.split()[0] for line in lines] == ["FAILED", "Full", "-", "+", "passed", "2"]
    assert lines[-1] == "2 tests of 2 rules, 1 failed"
    assert "r.yaml:18:3  the test" in lines[0]


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (SERIES.replace("usage_bytes{", "usage_byte{"), "did you mean 'storage_quota_usage_bytes'?"),
        (SERIES.replace(', type="directory"', ""), "needs the labels type"),
        (SERIES.replace("95x10", "95y10"), "'95y10' is no value"),
        (SERIES.replace('cluster="lab"', "cluster=lab"), "the labels cannot be read"),
        (SERIES + "  alert_rule_test: [{eval_time: 1m, alertname: Ful}]\n", "did you mean 'Full'?"),
        (SERIES + "  exp_runs: [{eval_time: 1m, alertname: Full}]\n", "remediation: is missing"),
        (SERIES + "  exp_blocked: [{eval_time: 1m, alertname: Full, reason: tired}]\n", "reason: expected"),
        (SERIES + "  interval: 1ms\n  alert_rule_test: [{eval_time: 1h, alertname: Full}]\n", "more than 100000 intervals"),
        (SERIES + "  interval: 0s\n", "intervals"),
        (SERIES + "  promql_expr_test: [{expr: up}]\n", "promql_expr_test: is not supported"),
        ("- {input_series: []}\n", "expected at least 1 item"),
    ],
)
def test_a_test_that_makes_no_sense_is_refused_with_its_place(
    known: dict[str, KnownSchema], tmp_path: Path, tests: str, said: str
) -> None:
    with pytest.raises(ContentError) as problem:
        run(known, tmp_path, tests)

    assert said in str(problem.value)
    assert "r.yaml:" in str(problem.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("1 2.5 -3 1e3", (1.0, 2.5, -3.0, 1000.0)),
        ("1+2x3", (1.0, 3.0, 5.0, 7.0)),
        ("1-2x3", (1.0, -1.0, -3.0, -5.0)),
        ("-2+4x1", (-2.0, 2.0)),
        ("5x2", (5.0, 5.0, 5.0)),
        ("_ 1 _x3 stale", (None, 1.0, None, None, None, None)),
        ("0x0", (0.0,)),
        ("", ()),
    ],
)
def test_values_expand_as_promtool_expands_them(values: str, expected: tuple[float | None, ...]) -> None:
    assert series.parse("m", values).values == expected


@pytest.mark.parametrize(
    "values", ["1+2", "x3", "1x", "_x", "stalex2", "1+x2", "one", "1x999999999999", "1x60000 1x60000", "{{schema:1}}"]
)
def test_what_does_not_expand_is_refused(values: str) -> None:
    with pytest.raises(ValueError, match="value"):
        series.parse("m", values)


def test_a_series_selector_keeps_its_labels_letter_by_letter() -> None:
    found = series.parse('a:b_c{x="{{ 7*7 }}", y="a,b=\\"c\\"", z=""}', "1")

    assert (found.metric, found.labels) == ("a:b_c", {"x": "{{ 7*7 }}", "y": 'a,b="c"', "z": ""})


GUARDED = """
groups:
- name: g
  rules:
  - alert: Full
    on: quota
    when: usage_bytes / hard_limit_bytes > 0.9
    keep_firing_for: 2m
    flap: {changes: 3, window: 10m}
    key: [cluster, path]
    remediate: {remediation: a/b, mode: approve, variables: {path: path}}
  - {alert: Down, on: node, when: up < 1.0, freezes: [cluster]}
tests:
- name: guards
  input_series:
  - {series: 'storage_quota_usage_bytes{cluster="lab", path="/a", type="directory"}', values: '95 95 95 95 50 50 50 95 95'}
  - {series: 'storage_quota_hard_limit_bytes{cluster="lab", path="/a", type="directory"}', values: '100x10'}
  - {series: 'storage_node_up{cluster="lab", node="1"}', values: '1 1 0 1 1'}
  silences:
  - {matchers: [alertname=Full], start: 0s, end: 2m, comment: new disks}
  alert_rule_test:
  - {eval_time: 5m, alertname: Full, exp_alerts: [{exp_labels: LABELS, exp_state: resolving}]}
  - {eval_time: 5m, alertname: Full, exp_alerts: [{exp_labels: LABELS}]}
  - {eval_time: 6m, alertname: Full, exp_alerts: []}
  exp_blocked:
  - {eval_time: 1m, alertname: Full, reason: silenced}
  - {eval_time: 2m, alertname: Full, reason: frozen}
  - {eval_time: 7m, alertname: Full, reason: flapping}
  exp_runs:
  - {eval_time: 3m, alertname: Full, remediation: a/b}
"""


def test_silences_freezes_flapping_and_resolving_can_be_expected(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    text = GUARDED.replace("LABELS", "{cluster: lab, path: /a, type: directory}")
    (tmp_path / "r.yaml").write_text(text, "utf-8")

    report = rule_tests.run([tmp_path / "r.yaml"], known)

    assert report.passed, report.text()


def test_a_silence_that_cannot_be_read_is_told_where_it_stands(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(GUARDED.replace("LABELS", "{}").replace("alertname=Full]", "'a b c']"), "utf-8")

    with pytest.raises(ContentError, match=r"r.yaml:20:5: 'a b c' is no matcher"):
        rule_tests.run([tmp_path / "r.yaml"], known)


PROMTOOLS = """
rule_files: [rules/*.yaml]
evaluation_interval: 1m
group_eval_order: [g]
fuzzy_compare: true
tests:
- interval: 1m
  input_series:
  - {series: 'storage_node_up{cluster="lab", node="1"}', values: '1 0'}
  alert_rule_test:
  - {eval_time: 1m, groupname: g, alertname: Down, exp_alerts: [{exp_labels: {cluster: lab, node: "1"}}]}
  promql_expr_test: EXPRESSIONS
"""


def test_a_file_of_tests_as_promtool_reads_it_is_run_unchanged(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "down.yaml").write_text("groups: [{name: g, rules: [{alert: Down, on: node, when: up < 1.0}]}]", "utf-8")
    path = tmp_path / "tests.yaml"
    path.write_text(PROMTOOLS.replace("EXPRESSIONS", "[]"), "utf-8")

    report = rule_tests.run([path], known)

    assert (report.passed, len(report.outcomes), report.rules) == (True, 1, 1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("EXPRESSIONS", "[{expr: up}]", r"tests.yaml:12:3: promql_expr_test: is not supported \(It asks PromQL"),
        ("promql_expr_test: EXPRESSIONS", "external_labels: {a: b}", r"tests.yaml:12:3: external_labels: is not supported"),
        ("rules/*.yaml", "missing.yaml", r"tests.yaml:2:14: there is no file 'missing.yaml'"),
    ],
)
def test_what_promtool_can_and_we_cannot_is_told_where_it_stands(
    known: dict[str, KnownSchema], tmp_path: Path, before: str, after: str, told: str
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "down.yaml").write_text("groups: [{name: g, rules: [{alert: Down, on: node, when: up < 1.0}]}]", "utf-8")
    path = tmp_path / "tests.yaml"
    path.write_text(PROMTOOLS.replace(before, after).replace("EXPRESSIONS", "[]"), "utf-8")

    with pytest.raises(ContentError, match=told):
        rule_tests.run([path, tmp_path / "rules"], known)
