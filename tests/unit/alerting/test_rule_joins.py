"""What a rule says beyond its own records: joins, flapping, freezing, and alerts from an Alertmanager."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mendwatch.alerting import format  # noqa: A004 - the module's own name
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.model.rules import Flap, Join

RuleLoader = Callable[[str], RuleSet]

JOINED = """
  - alert: Full
    on: quota
    with:
      host: {on: node, equal: [cluster]}
      again: {on: quota, equal: [cluster, path]}
    when: usage_bytes > 1GiB && host.up < 1 && rate(again.usage_bytes, 5m) > 0
"""
FOREIGN = """
  - alert: Lost
    source: alertmanager
    match: ['alertname="MountLost"', 'job=~"nfs-.*"']
    key: [cluster, instance]
    for: 1m
    freezes: [instance]
    labels: {severity: warning}
    annotations: {summary: '{{ instance }} of {{ job }} lost {{ mount }}'}
    remediate:
      remediation: storage/quota_raise
      variables: {path: mount + "/x", limit: int(size), force: '["a"].exists(x, x == instance)'}
"""


def only(rules: RuleSet) -> CompiledRule:
    (found,) = rules.compiled
    return found


def test_a_join_arrives_with_its_schema(load: RuleLoader) -> None:
    found = only(load(JOINED))

    assert found.rule.joins == (Join("again", "quota", ("cluster", "path")), Join("host", "node", ("cluster",)))
    assert {alias: known.name for alias, known in found.joined.items()} == {"again": "quota", "host": "node"}
    assert [one.text for one in found.when.derived] == ["host.up", "rate(again.usage_bytes, 5m)"]
    assert found.when.names == {"usage_bytes"}


def test_rules_with_the_same_joins_share_a_language_and_others_do_not(load: RuleLoader) -> None:
    rules = load(
        JOINED
        + JOINED.replace("Full", "Same")
        + JOINED.replace("Full", "Other").replace("equal: [cluster]", "equal: [cluster, cluster]")
        + "  - {alert: Plain, on: quota, when: usage_bytes > 1}\n"
    )
    languages = {item.rule.alert: item.language for item in rules.compiled}

    assert languages["Full"] is languages["Same"]
    assert len(set(languages.values())) == 3


def test_flapping_and_freezing_arrive(load: RuleLoader) -> None:
    rule = only(load("  - {alert: A, on: node, when: up < 1, flap: {changes: 3, window: 5m}, freezes: [cluster]}\n")).rule

    assert (rule.flap, rule.freezes) == (Flap(3, timedelta(minutes=5)), ("cluster",))


def test_what_is_left_out_has_the_models_defaults(load: RuleLoader) -> None:
    rule = only(load("  - {alert: A, on: node, when: up < 1}\n")).rule

    assert (rule.flap, rule.freezes, rule.joins, rule.target_label) == (Flap(), None, (), "")
    assert Flap(**format.FlapText().model_dump()) == Flap()


def test_a_frozen_target_may_be_named_by_no_label_at_all(load: RuleLoader) -> None:
    assert only(load("  - {alert: A, on: node, when: up < 1, freezes: []}\n")).rule.freezes == ()


def test_a_rule_over_alerts_from_elsewhere_has_the_labels_that_it_names(load: RuleLoader) -> None:
    text = FOREIGN.replace(" lost {{ mount }}", "")
    found = only(load(text))
    bound = found.language.bind({}, {"cluster": "lab", "instance": "a", "mount": "/ifs", "size": "7"})

    assert (found.rule.source, found.rule.target_label, found.rule.key) == ("alertmanager", "cluster", ("cluster", "instance"))
    assert found.known.labels == ("cluster", "instance", "alertname", "job", "mount", "size")
    assert found.known.schema.fields == {}
    assert found.when.holds(bound) is True
    assert {name: one.value(bound) for name, one in found.variables.items()} == {"path": "/ifs/x", "limit": 7, "force": True}


def test_what_its_variables_name_its_texts_may_name_too(load: RuleLoader) -> None:
    assert only(load(FOREIGN)).rule.annotations["summary"].endswith("{{ mount }}")


def test_rules_over_alerts_from_elsewhere_are_found_by_their_labels(load: RuleLoader) -> None:
    rules = load(FOREIGN + FOREIGN.replace("Lost", "Else").replace("MountElse", "Else"))
    found = rules.candidates("alertmanager", {"alertname": "MountLost", "job": "nfs-1", "cluster": "lab"})

    assert [item.rule.alert for item in found] == ["Lost"]


def test_the_target_may_stand_in_another_label(load: RuleLoader) -> None:
    found = only(load(FOREIGN.replace("key: [cluster,", "target: array\n    key: [array,")))

    assert found.rule.target_label == "array"
    assert found.known.target_label == "array"


@pytest.mark.parametrize(
    "change",
    [("equal: [cluster]", "equal: [cluster, cluster]"), ("host: {", "other: {"), ("on: quota\n", "on: quota\n    freezes: []\n")],
)
def test_a_change_of_a_join_or_of_a_freeze_is_another_rule(load: RuleLoader, change: tuple[str, str]) -> None:
    text = JOINED.replace("host.up", "again.usage_bytes")

    assert only(load(text)).rule.digest != only(load(text.replace(*change))).rule.digest
