"""The rules and the example configuration for Prometheus, held against promtool."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "grafana" / "prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"] for rule in group["rules"]]
ALERTS = [pytest.param(rule, id=rule["alert"]) for rule in RULES if "alert" in rule]


async def promtool(*arguments: str) -> tuple[int, str]:
    path = shutil.which("promtool")
    if path is None:
        line = "promtool is not installed (Debian: apt install prometheus)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    process = await asyncio.create_subprocess_exec(
        path, *arguments, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize(
    "arguments", [("check", "rules", "--lint-fatal", "rules.yaml"), ("check", "config", "--lint-fatal", "prometheus.yaml")]
)
async def test_promtool_finds_nothing(arguments: tuple[str, ...]) -> None:
    code, said = await promtool(*arguments)
    assert code == 0, said
    assert "SUCCESS" in said
    assert not re.search("error|warn|fail", said, re.IGNORECASE), said


async def test_the_rules_pass_their_own_tests() -> None:
    code, said = await promtool("test", "rules", "rules_test.yaml")
    assert code == 0, said


@pytest.mark.parametrize("rule", ALERTS)
def test_an_alert_says_what_it_is_how_bad_and_what_it_means(rule: dict[str, dict[str, str]]) -> None:
    assert re.fullmatch("Mendwatch([A-Z][a-z]+)+", str(rule["alert"]))
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")


def test_every_rule_is_tested() -> None:
    tests = (FOLDER / "rules_test.yaml").read_text()
    names = [rule.get("alert") or rule["record"] for rule in RULES]
    assert [name for name in names if name not in tests] == []


def test_every_metric_in_a_rule_is_declared() -> None:
    golden = (Path(__file__).parents[1] / "golden" / "metrics.txt").read_text()
    used = {name for rule in RULES for name in re.findall(r"\b(?:powerscale|icmp|mendwatch)_\w+", rule["expr"])}
    assert [name for name in sorted(used) if f"# TYPE {name} " not in golden] == []
