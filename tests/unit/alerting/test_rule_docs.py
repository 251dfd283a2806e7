"""The pages about rules say what the code does."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from mendwatch.alerting import format, formatting, loading, rule_tests, schemas  # noqa: A004 - the module's own name
from mendwatch.alerting.conditions import Language
from mendwatch.alerting.derivation import FUNCTIONS, LONGEST_WINDOW, SHORTEST_WINDOW
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.tokens import LONGEST, MOST_TOKENS
from mendwatch.config.durations import format_duration
from mendwatch.polling import providers

PAGE = (Path(__file__).parents[3] / "docs" / "write-a-rule.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(EXAMPLE,) = [block for block in BLOCKS if block.startswith("groups:")]
(STANZA,) = [block for block in BLOCKS if block.lstrip().startswith("remediate:")]
RULES = [block for block in BLOCKS if block.startswith("- alert:")]


@pytest.fixture(scope="module")
def real() -> dict[str, KnownSchema]:
    return schemas.of_providers(providers.discover(["onefs"]).values())


def test_the_example_loads_and_its_test_passes(real: dict[str, KnownSchema], tmp_path: Path) -> None:
    (tmp_path / "capacity.yaml").write_text(EXAMPLE, "utf-8")
    report = rule_tests.run([tmp_path], real)

    assert report.passed, report.text()
    assert len(report.outcomes) == 1


def test_the_example_of_a_remediation_loads(real: dict[str, KnownSchema], tmp_path: Path) -> None:
    rule = "groups:\n- name: g\n  rules:\n  - alert: A\n    on: quota\n    when: usage_bytes > 1.0\n"
    (tmp_path / "r.yaml").write_text(rule + textwrap.indent(textwrap.dedent(STANZA), "    "), "utf-8")

    assert loading.load([tmp_path], real).rules[0].remediate is not None


@pytest.mark.parametrize("text", RULES, ids=lambda text: text.split()[2])
def test_every_rule_on_the_page_loads(real: dict[str, KnownSchema], tmp_path: Path, text: str) -> None:
    (tmp_path / "r.yaml").write_text("groups:\n- name: g\n  rules:\n" + textwrap.indent(text, "  "), "utf-8")

    assert len(loading.load([tmp_path], real).rules) == 1


@pytest.mark.parametrize("text", [EXAMPLE, *RULES], ids=lambda text: text.split()[2])
def test_every_rule_on_the_page_is_in_order(text: str) -> None:
    whole = text if text.startswith("groups:") else "groups:\n- name: g\n  rules:\n" + textwrap.indent(text, "  ")

    assert formatting.formatted(whole, "page") == whole


def test_every_function_and_every_new_key_is_on_the_page() -> None:
    examples = "".join(RULES)

    assert [name for name in (*FUNCTIONS, "count_where") if f"`{name}(" not in PAGE] == []
    assert [key for key in ("with:", "flap:", "freezes:", "source: alertmanager", "target:") if key not in examples] == []


def test_every_condition_in_the_table_is_understood() -> None:
    language = Language(("usage_bytes", "hard_limit_bytes", "remaining_seconds", "expiry_timestamp_seconds", "nodes"), ("path",))
    table = PAGE[PAGE.index("| you write |") : PAGE.index("- Every field is a double")]
    cells = [found[1] for line in table.splitlines() if (found := re.match(r"\| `([^`]*[a-z]\w*[^`]* ?[<>(][^`]*)` \|", line))]

    assert len(cells) >= 6
    for cell in cells:
        assert language.condition(cell)


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    assert f"at most {LONGEST:,} characters and {MOST_TOKENS} words" in PAGE
    assert f"from {format_duration(SHORTEST_WINDOW)} to {format_duration(LONGEST_WINDOW)}" in PAGE


def test_every_key_of_a_rule_is_in_the_table() -> None:
    models = (format.RuleText, format.ForeignText)
    keys = {info.alias or name for model in models for name, info in model.model_fields.items()}
    table = PAGE[PAGE.index("| key |") : PAGE.index("## Conditions")]

    assert set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `")))) == keys


def test_every_key_of_the_stanza_is_in_its_example() -> None:
    assert set(yaml.safe_load(STANZA)["remediate"]) == set(format.RemediateText.model_fields)
    assert set(yaml.safe_load(STANZA)["remediate"]["guard"]) == set(format.GuardText.model_fields)
