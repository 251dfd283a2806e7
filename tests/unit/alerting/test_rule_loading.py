"""Rule files: what is understood, and how everything else is refused."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

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

BROKEN = yaml.safe_load((Path(__file__).parent / "broken_rules.yaml").read_text("utf-8"))

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


def test_there_are_enough_of_them() -> None:
    assert len({item["name"] for item in BROKEN}) == len(BROKEN) >= 90


@pytest.mark.parametrize(("text", "said"), [(item["text"], item["said"]) for item in BROKEN], ids=[item["name"] for item in BROKEN])
def test_a_broken_rule_is_refused_with_its_place_and_a_hint(faults: FaultFinder, text: str, said: list[str]) -> None:
    message = faults(text if "groups:" in text else textwrap.indent(text, "  "))

    for line in message.splitlines():
        assert re.fullmatch(r"rules\.yaml:\d+:\d+: .+ \(.+\)", line), "a place, what is wrong, and what to do"
    for words in said:
        assert words in message


def test_all_faults_of_all_rules_are_told_at_once(faults: FaultFinder) -> None:
    lines = faults(
        "  - {alert: A, on: quota, when: usage_byte > 90, clear: pth == '', match: [x], annotations: {s: '{{ y }}'}}\n"
        "  - {alert: B, on: quota, wenn: a}\n"
        "  - {alert: C, on: disk, when: a}\n"
    ).splitlines()

    assert [line.split(":")[1] for line in lines] == ["4", "4", "4", "4", "5", "6"]


def test_faults_of_shape_do_not_hide_those_of_meaning(faults: FaultFinder) -> None:
    said = faults(
        "  - alert: A\n    on: quota\n    for: 5\n    colour: red\n    flap: {changes: 1}\n    when: usage_byte > 1\n"
        "    clear: [x]\n"
        "    key: [cluster, pth]\n    labels: {severity: 1}\n    annotations: {s: '{{ pth }}'}\n"
        "    remediate: {remediation: storage/quota_rise, variables: {path: path}, mode: always, verify: {within: 5}}\n"
        "  - {alert: B, on: node, when: up < 1, inhibited_by: [{alert: A}, {alert: D}]}\n"
        "  - {on: node, when: upp < 1}\n"
        "  - {alert: C, when: [1], inhibited_by: [{alert: A}]}\n"
    )

    for words in (
        "for: 5",
        "'colour'",
        "flap.changes",
        "'usage_byte'",
        "clear: expected text",
        "'pth'",
        "severity",
        "quota_rise",
        "mode",
    ):
        assert words in said
    for words in (
        "verify.within",
        "unknown alert 'D'",
        "alert: is missing",
        "'upp'",
        "on: is missing",
        "when: expected text",
    ):
        assert words in said
    assert "unknown alert 'A'" not in said


def test_a_fault_of_the_file_does_not_hide_those_of_its_rules(faults: FaultFinder) -> None:
    said = faults(
        "grops: []\ngroups:\n- name: g\n  rules:\n" + MINIMAL.replace("usage_bytes", "usage_byte") + "- {rules: 5}\n- 7\n"
    )

    for words in (
        "unknown key 'grops'",
        "'usage_byte'",
        "name: is missing",
        "rules: expected a list",
        "groups[2]: expected a mapping",
    ):
        assert words in said


def test_what_follows_from_a_fault_is_not_told(faults: FaultFinder) -> None:
    said = faults(
        "  - {alert: A, on: quota, when: n.up < 1, with: {n: {on: node, equal: cluster}}}\n"
        "  - {alert: B, on: quota, when: usage_bytes > 1, remediate: {remediation: storage/x, variables: {limit: 5}}}\n"
    )

    assert len(said.splitlines()) == 2


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


def test_a_volume_of_kubernetes_has_each_file_once(tmp_path: Path, known: dict[str, KnownSchema]) -> None:
    real = tmp_path / "..2026_11_20"
    real.mkdir()
    (real / "rules.yaml").write_text("groups:\n- name: g\n  rules:\n  - {alert: A, on: quota, when: usage_bytes > 1}\n", "utf-8")
    (tmp_path / "..data").symlink_to(real.name)
    (tmp_path / "rules.yaml").symlink_to("..data/rules.yaml")

    assert [rule.alert for rule in loading.load([tmp_path], known).rules] == ["A"]


def test_two_names_that_cannot_be_read_are_not_taken_for_one(faults: FaultFinder) -> None:
    said = faults('  - {alert: "Ä", on: quota, when: usage_bytes > 1}\n  - {alert: "A b", on: quota, when: usage_bytes > 1}\n')

    assert said.count("letters, digits and underscores") == 2
    assert "exists already" not in said
