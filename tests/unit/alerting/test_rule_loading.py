"""Rule files: what is understood, and how everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mendwatch.alerting import format, loading  # noqa: A004 - the module's own name
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.errors import ContentError
from mendwatch.model.rules import Approval, Guard, Mode, NoData, Verify

MINIMAL = "  - {alert: Full, on: quota, when: usage_bytes > 1.0}\n"
WHOLE = """
  - alert: Full
    on: quota
    match: ['cluster=~"prod-.*"', 'type="directory"']
    when: usage_bytes / hard_limit_bytes > 0.9
    clear: usage_bytes / hard_limit_bytes < 0.85
    for: 5m
    keep_firing_for: 10m
    stale_after: 3m
    no_data: fire
    key: [cluster, path]
    labels: {severity: warning}
    annotations: {summary: "{{ path }} {{ pct(usage_bytes) }}"}
    remediate:
      remediation: storage/quota_raise
      variables: {path: path, limit: int(hard_limit_bytes * 1.1)}
      mode: approve
      approval: {quorum: 2, not_proposer: false, expires: 1h, recheck: false}
      verify: {when: usage_bytes < 1.0, within: 2m}
      guard: {cooldown: 1h, max_runs: 5/12h, concurrent: 2, per: [cluster], max_targets: 5, breaker: {failures: 3}}
"""
REMEDIATE = "  - {alert: Full, on: quota, when: usage_bytes > 1.0, remediate: %s}\n"

RuleLoader = Callable[[str], RuleSet]
FaultFinder = Callable[[str], str]


def test_every_word_of_a_rule_arrives(load: RuleLoader) -> None:
    (rule,) = load(WHOLE).rules
    remediate = rule.remediate

    assert (rule.alert, rule.group, rule.on, rule.no_data, rule.key) == ("Full", "test", "quota", NoData.FIRE, ("cluster", "path"))
    assert (rule.hold, rule.keep_firing_for, rule.stale_after) == (
        timedelta(minutes=5),
        timedelta(minutes=10),
        timedelta(minutes=3),
    )
    assert remediate is not None
    assert (remediate.remediation, remediate.mode) == ("storage/quota_raise", Mode.APPROVE)
    assert remediate.approval == Approval(2, not_proposer=False, expires=timedelta(hours=1), recheck=False)
    assert remediate.verify == Verify("usage_bytes < 1.0", timedelta(minutes=2))
    assert remediate.guard == Guard(timedelta(hours=1), 5, timedelta(hours=12), 2, ("cluster",), 5, 3)


def test_a_rule_says_where_it_stands(load: RuleLoader) -> None:
    (rule,) = load(WHOLE).rules

    assert (Path(rule.path).name, rule.line) == ("rules.yaml", 5)


def test_what_is_left_out_has_the_defaults_of_the_model(load: RuleLoader) -> None:
    (rule,) = load(
        REMEDIATE % '{remediation: storage/quota_raise, variables: {path: path, limit: "1"}, verify: {when: usage_bytes < 1.0}}'
    ).rules

    assert (rule.no_data, rule.key, rule.hold, rule.stale_after) == (NoData.KEEP, ("cluster", "path", "type"), timedelta(0), None)
    assert rule.remediate is not None
    assert (rule.remediate.mode, rule.remediate.approval, rule.remediate.guard) == (Mode.OBSERVE, Approval(), Guard())
    assert rule.remediate.verify == Verify("usage_bytes < 1.0")


def test_the_word_on_is_a_word_and_not_a_truth_value(load: RuleLoader) -> None:
    assert load("  - alert: Full\n    on: quota\n    when: usage_bytes > 1.0\n").rules[0].on == "quota"


def digest(load: RuleLoader, text: str) -> str:
    return load(text).rules[0].digest


def test_the_digest_ignores_how_a_rule_is_written(load: RuleLoader) -> None:
    other = "  - when: usage_bytes > 1.0 # a remark\n    on: quota\n    for: 0s\n    alert: Full\n"

    assert digest(load, MINIMAL) == digest(load, other)
    assert re.fullmatch("[0-9a-f]{64}", digest(load, MINIMAL))


@pytest.mark.parametrize(
    "change", [("1.0", "2.0"), ("on: quota", "on: quota, for: 1s"), ("on: quota", "on: quota, labels: {a: b}")]
)
def test_the_digest_changes_with_the_rule(load: RuleLoader, change: tuple[str, str]) -> None:
    assert digest(load, MINIMAL) != digest(load, MINIMAL.replace(*change))


BROKEN = {
    "unknown key": (
        "  - {alert: A, on: quota, wenn: x > 1.0, when: usage_bytes > 1.0}",
        ["unknown key 'wenn'", "did you mean 'when'?"],
    ),
    "missing condition": ("  - {alert: A, on: quota}", ["when: Field required"]),
    "unknown schema": ("  - {alert: A, on: qouta, when: x > 1.0}", ["unknown schema 'qouta'", "did you mean 'quota'?"]),
    "unknown field": ("  - {alert: A, on: quota, when: usage_byte > 1.0}", ["'usage_byte'", "did you mean 'usage_bytes'?"]),
    "whole number": ("  - {alert: A, on: quota, when: usage_bytes > 90}", ["(double, int)", "write 90.0 instead of 90"]),
    "no truth value": ("  - {alert: A, on: quota, when: usage_bytes}", ["gives DOUBLE", "Compare it"]),
    "broken clear": ("  - {alert: A, on: quota, when: usage_bytes > 1.0, clear: 'usage_bytes <'}", ["clear: Syntax error"]),
    "label as number": ("  - {alert: A, on: quota, when: path > 1.0}", ["(string, double)"]),
    "bad duration": ("  - {alert: A, on: quota, when: usage_bytes > 1.0, for: 5 minutes}", ["'5 minutes' is no duration", "5m"]),
    "number as duration": ("  - {alert: A, on: quota, when: usage_bytes > 1.0, for: 5}", ["5 is no duration"]),
    "bad matcher": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, match: ['cluster==x']}",
        ["match: 'cluster==x' is no matcher", "operators"],
    ),
    "bad pattern": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, match: ['cluster=~\"(\"']}",
        ["no regular expression", "RE2"],
    ),
    "unknown key label": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, key: [cluster, pth]}",
        ["unknown label 'pth'", "did you mean 'path'?"],
    ),
    "key without target": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, key: [path]}",
        ["'cluster' is missing", "add cluster"],
    ),
    "empty key": ("  - {alert: A, on: quota, when: usage_bytes > 1.0, key: []}", ["key: List should have at least 1 item"]),
    "unknown no_data": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, no_data: ignore}",
        ["no_data: Input should be 'keep', 'fire' or 'resolve'"],
    ),
    "bad alert name": ("  - {alert: 'A B', on: quota, when: usage_bytes > 1.0}", ["alert: String should match pattern"]),
    "number as label": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, labels: {severity: 1}}",
        ["labels.severity: Input should be a valid string"],
    ),
    "another source": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, source: alertmanager}",
        ["alertmanager is not supported yet"],
    ),
    "unknown name in a text": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, annotations: {s: '{{ pth }}'}}",
        ["unknown name 'pth'", "did you mean 'path'?"],
    ),
    "broken text": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, annotations: {s: '{{ path'}}",
        ["annotations: s: no template"],
    ),
    "unknown filter": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, annotations: {s: '{{ path | pctt }}'}}",
        ["no template", "pctt"],
    ),
    "unknown inhibitor": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, inhibited_by: [{alert: Down}]}",
        ["unknown alert 'Down'"],
    ),
    "unknown equal": (
        "  - {alert: A, on: quota, when: usage_bytes > 1.0, inhibited_by: [{alert: B, equal: [path]}]}\n  - {alert: B, on: node, when: up < 1.0}",
        ["B has no label 'path'"],
    ),
    "inhibition in a circle": (
        "  - {alert: A, on: node, when: up < 1.0, inhibited_by: [{alert: B}]}\n  - {alert: B, on: node, when: up < 1.0, inhibited_by: [{alert: A}]}",
        ["a circle of A, B"],
    ),
    "inhibits itself": ("  - {alert: A, on: node, when: up < 1.0, inhibited_by: [{alert: A}]}", ["a circle of A"]),
    "same name twice": (
        "  - {alert: A, on: node, when: up < 1.0}\n  - {alert: A, on: node, when: up < 1.0}",
        ["exists already, at rules.yaml:4:1"],
    ),
    "key written twice": ("  - {alert: A, on: node, when: up < 1.0, when: up > 1.0}", ["'when' is written twice"]),
    "no YAML": ("  - {alert: A", ["not YAML"]),
    "no rule": ("  - just text", ["Input should be"]),
    "unknown remediation": (
        REMEDIATE % "{remediation: storage/quota_rise}",
        ["unknown remediation 'storage/quota_rise'", "did you mean 'storage/quota_raise'?"],
    ),
    "unknown variable": (
        REMEDIATE % '{remediation: storage/quota_raise, variables: {path: path, limit: "1", forse: "true"}}',
        ["unknown variable of storage/quota_raise 'forse'", "did you mean 'force'?"],
    ),
    "missing variable": (REMEDIATE % "{remediation: storage/quota_raise, variables: {path: path}}", ["needs the variable 'limit'"]),
    "variable of another type": (
        REMEDIATE % "{remediation: storage/quota_raise, variables: {path: path, limit: usage_bytes * 1.1}}",
        ["limit must be integer", "write int(usage_bytes * 1.1)"],
    ),
    "text for a number": (
        REMEDIATE % "{remediation: storage/quota_raise, variables: {path: path, limit: path}}",
        ["limit must be integer"],
    ),
    "broken variable": (
        REMEDIATE % '{remediation: storage/quota_raise, variables: {path: pth, limit: "1"}}',
        ["'pth'", "did you mean 'path'?"],
    ),
    "number as variable": (
        REMEDIATE % "{remediation: storage/quota_raise, variables: {path: path, limit: 1}}",
        ["variables.limit: Input should be a valid string"],
    ),
    "broken verify": (
        REMEDIATE % '{remediation: storage/quota_raise, variables: {path: path, limit: "1"}, verify: {when: usage_bytes < 1}}',
        ["write 1.0 instead of 1"],
    ),
    "unknown mode": (
        REMEDIATE % "{remediation: storage/quota_raise, mode: always}",
        ["mode: Input should be 'observe', 'check', 'approve' or 'auto'"],
    ),
    "quorum of none": (
        REMEDIATE % "{remediation: storage/quota_raise, approval: {quorum: 0}}",
        ["quorum: Input should be greater than or equal to 1"],
    ),
    "quorum of truth": (
        REMEDIATE % "{remediation: storage/quota_raise, approval: {quorum: true}}",
        ["quorum: Input should be a valid integer"],
    ),
    "unknown guard": (
        REMEDIATE % "{remediation: storage/quota_raise, guard: {cooldwn: 1h}}",
        ["unknown key 'cooldwn'", "did you mean 'cooldown'?"],
    ),
    "bad max_runs": (
        REMEDIATE % "{remediation: storage/quota_raise, guard: {max_runs: 3}}",
        ["3 is no number of runs in a time", "3/24h"],
    ),
    "max_runs of none": (REMEDIATE % "{remediation: storage/quota_raise, guard: {max_runs: 0/24h}}", ["no number of runs"]),
    "unknown per": (
        REMEDIATE % '{remediation: storage/quota_raise, variables: {path: path, limit: "1"}, guard: {per: [clustr]}}',
        ["unknown label 'clustr'", "did you mean 'cluster'?"],
    ),
    "unknown key of the file": ("groups: []\ntest: []\n", ["unknown key 'test'", "did you mean 'tests'?"]),
    "unknown key of a test": (
        "groups: []\ntests: [{inptu_series: [], input_series: [{series: a, values: '1'}]}]\n",
        ["did you mean 'input_series'?"],
    ),
    "unknown key of an expectation": (
        "groups: []\ntests: [{input_series: [{series: a, values: '1'}], alert_rule_test: [{eval_time: 1m, alertnam: A, alertname: A}]}]\n",
        ["did you mean 'alertname'?"],
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_refused_with_its_place_and_a_hint(faults: FaultFinder, text: str, said: list[str]) -> None:
    message = faults(text)

    assert re.match(r"rules\.yaml:\d+:\d+: .", message)
    for words in said:
        assert words in message


def test_all_faults_of_all_rules_are_told_at_once(faults: FaultFinder) -> None:
    lines = faults(
        "  - {alert: A, on: quota, when: usage_bytes > 90, clear: pth == '', match: [x], annotations: {s: '{{ y }}'}}\n"
        "  - {alert: B, on: quota, wenn: a}\n"
        "  - {alert: C, on: disk, when: a}\n"
    ).splitlines()

    assert len(lines) == 7
    assert [line.split(":")[1] for line in lines] == ["4", "4", "4", "4", "5", "5", "6"]


def test_faults_of_several_files_are_told_at_once(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("groups: [", "utf-8")
    (tmp_path / "b.yml").write_text("grops: []", "utf-8")

    with pytest.raises(ContentError) as problem:
        loading.load([tmp_path, tmp_path / "missing"], known)

    assert [name in str(problem.value) for name in ("a.yaml:1", "b.yml:1", "missing:1:1: there is no such")] == [True, True, True]


def test_one_broken_rule_means_that_none_is_used(faults: FaultFinder) -> None:
    assert "Good" not in faults("  - {alert: Good, on: node, when: up < 1.0}\n  - {alert: Bad, on: node, when: x}\n")


def test_folders_are_read_to_the_bottom_and_an_empty_one_is_no_fault(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "deeper" / "x.yaml").write_text("groups:\n- name: g\n  rules:\n" + MINIMAL, "utf-8")
    (tmp_path / "deep" / ".hidden.yaml").write_text("[", "utf-8")
    (tmp_path / "empty").mkdir()

    assert [rule.alert for rule in loading.load([tmp_path], known).rules] == ["Full"]
    assert loading.load([tmp_path / "empty"], known).rules == ()


def test_inhibitors_are_evaluated_before_whom_they_inhibit(load: RuleLoader) -> None:
    loaded = load(
        "  - {alert: A, on: node, when: up < 1.0, inhibited_by: [{alert: B, equal: [cluster]}]}\n"
        "  - {alert: B, on: node, when: up < 1.0, inhibited_by: [{alert: C}]}\n"
        "  - {alert: C, on: node, when: up < 1.0}\n"
    )

    assert [(item.rule.alert, item.rank) for item in loaded.compiled] == [("C", 0), ("B", 1), ("A", 2)]


def test_without_a_catalogue_remediations_are_not_held_against_anything(known: dict[str, KnownSchema], tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("groups:\n- name: g\n  rules:\n" + REMEDIATE % "{remediation: no/such}", "utf-8")

    assert loading.load([path], known).rules[0].remediate is not None


def test_the_formats_defaults_are_the_models() -> None:
    guard = format.GuardText()

    assert Approval(**format.ApprovalText().model_dump()) == Approval()
    assert format.VerifyText(when="x").within == Verify("x").within
    assert (guard.cooldown, guard.max_runs, guard.concurrent) == (Guard().cooldown, (Guard().max_runs, Guard().max_runs_window), 1)
    assert (tuple(guard.per), guard.max_targets, guard.breaker.failures) == (
        Guard().per,
        Guard().max_targets,
        Guard().breaker_failures,
    )
