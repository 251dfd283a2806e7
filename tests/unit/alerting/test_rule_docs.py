"""The pages about rules say what the code does."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from mendwatch.alerting import format, loading, rule_tests, schemas  # noqa: A004 - the module's own name
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.polling import providers

PAGE = (Path(__file__).parents[3] / "docs" / "write-a-rule.md").read_text("utf-8")
EXAMPLE, STANZA = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


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


def test_every_key_of_a_rule_is_in_the_table() -> None:
    keys = {info.alias or name for name, info in format.RuleText.model_fields.items()} - {"source"}
    table = PAGE[PAGE.index("| key |") : PAGE.index("## Conditions")]

    assert set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `")))) == keys


def test_every_key_of_the_stanza_is_in_its_example() -> None:
    assert set(yaml.safe_load(STANZA)["remediate"]) == set(format.RemediateText.model_fields)
    assert set(yaml.safe_load(STANZA)["remediate"]["guard"]) == set(format.GuardText.model_fields)
