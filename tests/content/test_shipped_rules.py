"""Every shipped rule: loaded with the real providers and remediations, tested by its own tests, fit for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendwatch import content
from mendwatch.alerting import loading, rule_tests, schemas
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.config import documents
from mendwatch.model.rules import Mode
from mendwatch.polling import providers
from mendwatch.remediation import catalogue

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "rules").rglob("*.yaml"))


@pytest.fixture(scope="module")
def known() -> dict[str, KnownSchema]:
    return schemas.of_providers(providers.discover(["icmp", "onefs"]).values())


def test_the_shipped_rules_load_with_the_shipped_remediations(known: dict[str, KnownSchema]) -> None:
    remediations = catalogue.load([content.folder("remediations")])

    assert not remediations.faults
    assert loading.load([content.folder("rules")], known, remediations).get("PowerScaleQuotaNearlyFull") is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tests_of_a_shipped_rule_pass(known: dict[str, KnownSchema], path: Path) -> None:
    report = rule_tests.run([path], known)

    assert report.passed, report.text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_is_tested_to_fire_and_not_to_fire(known: dict[str, KnownSchema], path: Path) -> None:
    tests = documents.read(path).data["tests"]
    for rule in loading.load([path], known).rules:
        expected = [
            bool(item["exp_alerts"])
            for test in tests
            for item in test.get("alert_rule_test", ())
            if item["alertname"] == rule.alert
        ]

        assert set(expected) == {True, False}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_tells_people_what_how_bad_and_what_to_do(known: dict[str, KnownSchema], path: Path) -> None:
    for rule in loading.load([path], known).rules:
        assert rule.labels["severity"] in {"information", "warning", "critical"}
        assert rule.annotations.keys() >= {"summary", "description", "runbook_url"}
        assert (ROOT / rule.annotations["runbook_url"]).read_text("utf-8").startswith(f"# {rule.alert}\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_never_changes_a_cluster_without_a_person(known: dict[str, KnownSchema], path: Path) -> None:
    for rule in loading.load([path], known).rules:
        if rule.remediate is not None:
            assert rule.remediate.mode is not Mode.AUTO
            assert rule.remediate.verify is not None
