"""Every shipped rule: loaded with the real providers and remediations, tested by its own tests, fit for people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mendwatch import content
from mendwatch.alerting import loading, rule_tests, schemas
from mendwatch.alerting.rule_tests import Report
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.config import documents
from mendwatch.model.rules import Mode, Rule
from mendwatch.polling import providers
from mendwatch.remediation import catalogue
from mendwatch.render.renderer import Renderer

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "rules"
FILES = sorted(FOLDER.rglob("*.yaml"))
PAGES = ROOT / "docs" / "runbooks"
#: What a page tells, in this order.
CHAPTERS = (
    "What it means",
    "What to look at",
    "What mendwatch offers",
    "By hand",
    "Where the threshold comes from",
    "When it does not fire",
)
#: Rules for clusters that cannot be seen at all; every other one is silent meanwhile.
SIGHTLESS = "PowerScaleUnreachable"
_DATA = "no_data"


@pytest.fixture(scope="module")
def known() -> dict[str, KnownSchema]:
    return schemas.of_providers(providers.discover(["icmp", "onefs"]).values())


@pytest.fixture(scope="module")
def rules(known: dict[str, KnownSchema]) -> RuleSet:
    remediations = catalogue.load([content.folder("remediations")])
    assert not remediations.faults
    return loading.load([content.folder("rules")], known, remediations)


@pytest.fixture(scope="module")
def report(known: dict[str, KnownSchema]) -> Report:
    """Run the tests of all files together: rules silence each other across files."""
    return rule_tests.run([FOLDER], known)


def own_tests(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = documents.read(path).data["tests"]
    return found


def alerts_in(path: Path) -> list[str]:
    return [rule["alert"] for group in documents.read(path).data["groups"] for rule in group["rules"]]


ALERTS = [pytest.param(alert, path, id=alert) for path in FILES for alert in alerts_in(path)]
NAMES = [alert for path in FILES for alert in alerts_in(path)]


def looked_at(alert: str, path: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give what the tests of a file expect of an alert: (name of the test, expected alerts)."""
    return [
        (test["name"], item["exp_alerts"])
        for test in own_tests(path)
        for item in test.get("alert_rule_test", ())
        if item["alertname"] == alert
    ]


def test_there_are_rules_for_every_subject(rules: RuleSet) -> None:
    assert len(rules.rules) >= 42
    assert sorted(rule.alert for rule in rules.rules) == sorted(NAMES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tests_of_a_shipped_rule_pass(report: Report, path: Path) -> None:
    own = [outcome for outcome in report.outcomes if outcome.where.startswith(f"{path}:")]

    assert len(own) == len(own_tests(path))
    assert [(outcome.name, outcome.failures) for outcome in own if outcome.failures] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_two_tests_of_a_file_have_one_name(path: Path) -> None:
    names = [test["name"] for test in own_tests(path)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("alert", "path"), ALERTS)
def test_a_rule_is_tested_to_fire_not_to_fire_and_to_wait_for_data(alert: str, path: Path) -> None:
    found = looked_at(alert, path)
    fires = {name for name, alerts in found if any(one.get("exp_state", "firing") == "firing" for one in alerts)}
    silent = {name for name, alerts in found if not alerts}
    waits = {name for name, alerts in found if any(one.get("exp_state") == _DATA for one in alerts)}

    assert fires
    assert silent - fires
    assert waits
    assert len(fires | silent | waits) >= 3


@pytest.mark.parametrize("alert", NAMES)
def test_a_rule_says_how_bad_it_is_and_what_to_do(rules: RuleSet, alert: str) -> None:
    rule = rules.get(alert)

    assert rule is not None
    assert rule.rule.labels["severity"] in {"info", "warning", "critical"}
    assert rule.rule.annotations.keys() == {"summary", "description", "runbook_url"}
    assert rule.rule.annotations["runbook_url"] == f"docs/runbooks/{alert}.md"


@pytest.mark.parametrize("alert", NAMES)
def test_a_text_can_be_rendered_whatever_was_measured(rules: RuleSet, alert: str) -> None:
    rule = rules.get(alert)
    assert rule is not None
    labels = dict.fromkeys(rule.known.labels, "x")
    for number in (0.0, 0.5, 1.0, 1e9):
        values = dict.fromkeys(rule.known.schema.fields, number)
        for source in rule.rule.annotations.values():
            text = Renderer(Path()).inline(source, {**labels, **(values | divisors(source, values))})
            assert text
            assert "unknown" not in text


def divisors(source: str, values: Iterable[str]) -> dict[str, float]:
    """Give numbers to divide by that are not zero: no rule fires over a division by zero."""
    return {name: 3.0 for name in values if f"/ {name}" in source}


@pytest.mark.parametrize("alert", NAMES)
def test_every_alert_has_a_page_that_says_all(alert: str) -> None:
    page = (PAGES / f"{alert}.md").read_text("utf-8")

    assert page.startswith(f"# {alert}\n\n")
    assert tuple(re.findall(r"^## (.+)$", page, re.MULTILINE)) == CHAPTERS
    assert all(part.strip() for part in re.split(r"^## .+$", page, flags=re.MULTILINE))


def test_no_page_is_about_an_alert_that_there_is_not() -> None:
    assert sorted(path.stem for path in PAGES.iterdir()) == sorted(NAMES)


def test_an_alert_that_a_page_names_exists() -> None:
    named = {word for path in PAGES.glob("*.md") for word in re.findall(r"\bPowerScale[A-Z]\w+", path.read_text("utf-8"))}

    assert sorted(named - set(NAMES)) == []


@pytest.mark.parametrize("alert", sorted(set(NAMES) - {SIGHTLESS}))
def test_a_cluster_that_cannot_be_seen_is_one_alert(rules: RuleSet, alert: str) -> None:
    rule = rules.get(alert)

    assert rule is not None
    assert any(one.alert == SIGHTLESS and one.equal == ("cluster",) for one in rule.rule.inhibited_by)


def changing(rules: RuleSet) -> list[Rule]:
    return [rule for rule in rules.rules if rule.remediate is not None]


def test_a_shipped_rule_never_changes_a_cluster_without_a_person(rules: RuleSet) -> None:
    assert changing(rules)
    for rule in changing(rules):
        assert rule.remediate is not None
        assert rule.remediate.mode is not Mode.AUTO
        assert rule.remediate.verify is not None


def test_upgrades_and_maintenance_freeze_a_cluster(rules: RuleSet) -> None:
    frozen = {rule.alert for rule in rules.rules if rule.freezes == ("cluster",)}

    assert frozen == {"PowerScaleUpgradeRunning", "PowerScaleUpgradeFailed", "PowerScaleMaintenance"}
