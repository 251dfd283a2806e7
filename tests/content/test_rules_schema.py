"""The JSON Schema of rule files is the one that the models give, and says of rules what they say."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mendwatch.config import documents

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "reference" / "rules.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
SHIPPED = sorted((ROOT / "rules").rglob("*.yaml"))
PAGE = (ROOT / "docs" / "write-a-rule.md").read_text("utf-8")
GOOD = {"alert": "A", "on": "quota", "when": "usage_bytes > 1"}
FOREIGN = {"alert": "A", "source": "alertmanager", "match": ["a=b"], "key": ["cluster"]}


def faults(rule: dict[str, Any]) -> list[str]:
    file = {"groups": [{"name": "g", "rules": [rule]}]}
    return [problem.message for problem in Draft202012Validator(SCHEMA).iter_errors(file)]


def test_the_file_is_what_the_models_give() -> None:
    spec = importlib.util.spec_from_file_location("rules_schema", ROOT / "tools" / "rules_schema.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    assert FILE.read_text("utf-8") == tool.render(), "renew it: python tools/rules_schema.py"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_rules_fit_it(path: Path) -> None:
    Draft202012Validator(SCHEMA).validate(documents.read(path).data)


def test_every_example_of_a_whole_file_fits_it() -> None:
    examples = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("groups:")]
    for text in examples:
        Draft202012Validator(SCHEMA).validate(documents.parse(text, "page").data)

    assert examples


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"for": "5m"},
        {"for": 0},
        {"with": {"n": {"on": "node", "equal": ["cluster"]}}},
        {"flap": {"changes": 3}},
        {"remediate": {"remediation": "x/y", "guard": {"max_runs": "3/24h"}}},
    ],
)
def test_what_a_rule_can_say_fits_it(more: dict[str, Any]) -> None:
    assert faults({**GOOD, **more}) == []


def test_a_rule_over_alerts_from_elsewhere_fits_it() -> None:
    assert faults(FOREIGN) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"alert": "A", "on": "quota"},
        {**GOOD, "wenn": "x"},
        {**GOOD, "for": 5},
        {**GOOD, "for": "5 minutes"},
        {**GOOD, "alert": "A B"},
        {**GOOD, "no_data": "ignore"},
        {**GOOD, "labels": {"severity": 1}},
        {**GOOD, "flap": {"changes": 1}},
        {**GOOD, "with": {"n": {"on": "node", "equal": []}}},
        {**GOOD, "remediate": {"remediation": "x/y", "guard": {"max_runs": "none"}}},
        {**FOREIGN, "when": "true"},
        {**FOREIGN, "match": []},
        {"alert": "A", "source": "alertmanager"},
    ],
    ids=str,
)
def test_what_a_rule_cannot_say_does_not_fit_it(rule: dict[str, Any]) -> None:
    assert faults(rule)


def test_the_page_tells_editors_of_it() -> None:
    assert "# yaml-language-server: $schema=" in PAGE
    assert FILE.name in PAGE
