"""A rulebook becomes rules where it can, and says what it could not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mendwatch.alerting import loading
from mendwatch.alerting.eda import rulebooks
from mendwatch.alerting.eda.rulebooks import Imported
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.config import documents
from mendwatch.errors import ContentError
from mendwatch.model.samples import MetricSpec, RecordSchema

_METRICS = (
    MetricSpec("m_usage_bytes", "", labels=("path", "type")),
    MetricSpec("m_limit_bytes", "", labels=("path", "type")),
)
QUOTA = KnownSchema(
    RecordSchema("quota", ("path", "type"), {"usage_bytes": "m_usage_bytes", "limit_bytes": "m_limit_bytes"}),
    "cluster",
    60.0,
    _METRICS,
)


def taken(condition: str, *, source: str = "ansible.eda.webhook", known: KnownSchema | None = QUOTA, more: str = "") -> Imported:
    text = (
        f"- name: set\n  hosts: all\n  sources: [{{{source}: {{}}}}]\n  rules:\n"
        f"  - name: the rule\n    condition: {condition}\n    action: {{debug: {{}}}}\n{more}"
    )
    return rulebooks.convert(documents.parse(text, "book.yml"), known)


def rule(found: Imported) -> dict[str, object]:
    made: dict[str, object] = yaml.safe_load(found.text)["groups"][0]["rules"][0]
    return made


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        ("event.usage_bytes > 90", "usage_bytes > 90.0"),
        ("event.usage_bytes >= 1 and event.type == 'directory'", 'usage_bytes >= 1.0 && type == "directory"'),
        (
            "event.usage_bytes > 1 or event.limit_bytes < 2 and event.path contains 'home'",
            'usage_bytes > 1.0 || (limit_bytes < 2.0 && path.contains("home"))',
        ),
        ("not event.type == 'user'", '!(type == "user")'),
        ("event.type not in ['user', 'group']", '!(type in ["user", "group"])'),
        ("event.path is match('/ifs/home')", 'path.matches("^/ifs/home")'),
        ("event.path is not search('tmp')", '!(path.matches("tmp"))'),
        ("event.usage_bytes is defined and event.usage_bytes > 5", "usage_bytes > 5.0"),
        ("{any: ['event.usage_bytes > 5', 'event.type == \"x\"']}", 'usage_bytes > 5.0 || type == "x"'),
    ],
)
def test_a_condition_means_the_same_over_records(condition: str, when: str, tmp_path: Path) -> None:
    found = taken(condition)

    assert rule(found)["when"] == when
    file = tmp_path / "rules.yaml"
    file.write_text(found.text, "utf-8")
    assert loading.load([file], {"quota": QUOTA}).get("TheRule") is not None


@pytest.mark.parametrize(
    ("condition", "match"),
    [
        ("event.alert.labels.alertname == 'Down' and event.alert.status == 'firing'", ['alertname="Down"']),
        ("event.alert.labels.job in ['a', 'b.c']", ['job=~"a|b\\\\.c"']),
        ("event.alert.labels.job == 'a' or event.alert.labels.job == 'b'", ['job=~"a|b"']),
        ("event.alert.labels.job is search('prod')", ['job=~".*(?:prod).*"']),
        ("event.alert.labels.job != 'a' and event.alert.labels.cluster is defined", ['job!="a"', 'cluster!=""']),
        ("not event.alert.labels.job is match('x')", ['job!~"(?:x).*"']),
    ],
)
def test_a_condition_over_alerts_becomes_matchers(condition: str, match: list[str]) -> None:
    found = rule(taken(condition, source="ansible.eda.alertmanager"))

    assert found["match"] == match
    assert found["source"] == "alertmanager"


@pytest.mark.parametrize(
    "condition",
    [
        "event.alert.status == 'resolved'",
        "event.alert.labels.a == 'x' or event.alert.labels.b == 'y'",
        "event.alert.labels.a > 5",
        "event.alert.annotations.summary == 'x'",
        "event.alert.status == 'firing'",
    ],
)
def test_what_matchers_cannot_say_is_told_and_not_taken(condition: str) -> None:
    found = taken(condition, source="ansible.eda.alertmanager")

    assert found.taken == 0
    assert found.text == ""
    assert "not taken over" in found.remarks[0].message
    assert found.remarks[0].where.startswith("book.yml:")


@pytest.mark.parametrize(
    "condition",
    [
        "event.usage > 90",
        "event.usage_bytes > 'x'",
        "event.path > 5",
        "event.usage_bytes is not defined",
        "event.usage_bytes is defined",
        "{all: ['event.usage_bytes > 1', 'event.type == \"x\"']}",
        "true",
    ],
)
def test_what_a_condition_cannot_say_is_told_and_not_taken(condition: str) -> None:
    found = taken(condition)

    assert (found.taken, found.found) == (0, 1)
    assert len(found.remarks) == 1


def test_a_near_name_is_offered() -> None:
    assert "did you mean 'usage_bytes'?" in taken("event.usage_byte > 1").remarks[0].message


def test_events_of_an_unknown_kind_need_a_schema() -> None:
    found = taken("event.usage_bytes > 1", known=None)

    assert "--on" in found.remarks[0].hint


def test_actions_and_throttles_are_told_with_what_to_do() -> None:
    more = (
        "  - name: the rule\n    condition: event.usage_bytes > 1\n    action: {run_playbook: {name: fix.yml}}\n"
        "    throttle: {once_within: 10 minutes, group_by_attributes: [event.path]}\n"
    )
    found = taken("event.usage_bytes > 2", more=more)

    assert found.taken == 2
    assert [item["alert"] for item in yaml.safe_load(found.text)["groups"][0]["rules"]] == ["TheRule", "TheRule2"]
    messages = [remark.message for remark in found.remarks]
    assert any("run_playbook fix.yml" in message for message in messages)
    assert any("once_within: 10 minutes" in message for message in messages)


def test_a_rule_that_is_switched_off_is_not_taken() -> None:
    more = "  - {name: off, enabled: false, condition: event.usage_bytes > 1, action: {none: {}}}\n"

    found = taken("event.usage_bytes > 2", more=more)

    assert (found.taken, found.found) == (1, 2)


@pytest.mark.parametrize("text", ["groups: []", "- just text", "", "- {name: x}"])
def test_another_file_is_no_rulebook(text: str) -> None:
    with pytest.raises(ContentError, match="no rulebook"):
        rulebooks.convert(documents.parse(text, "book.yml"), None)
