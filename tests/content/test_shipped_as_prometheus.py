"""The shipped rules as a Prometheus rule file."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from promtool import promtool

from mendwatch.alerting import as_prometheus, loading, schemas
from mendwatch.polling import providers
from mendwatch.service import library

RULES = Path(__file__).parents[2] / "rules"
SCHEMAS = schemas.of_providers(providers.discover(library.installed()).values())


async def test_promtool_finds_nothing_wrong_with_the_shipped_rules(tmp_path: Path) -> None:
    written = as_prometheus.write(loading.load([RULES], SCHEMAS), SCHEMAS)
    (tmp_path / "rules.yaml").write_text(written.text, "utf-8")

    code, said = await promtool("check", "rules", "--lint-fatal", "rules.yaml", folder=tmp_path)

    assert code == 0, said
    assert f"{written.rules} rules found" in said


async def test_prometheus_can_render_every_text(tmp_path: Path) -> None:
    written = as_prometheus.write(loading.load([RULES], SCHEMAS), SCHEMAS)
    groups = yaml.safe_load(written.text)["groups"]
    rules = [rule | {"expr": "vector(1)", "for": "0s"} for group in groups for rule in group["rules"]]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}), "utf-8")
    expected = [{"eval_time": "0m", "alertname": rule["alert"], "exp_alerts": [{}]} for rule in rules]
    test = {"rule_files": ["rules.yaml"], "tests": [{"input_series": [], "alert_rule_test": expected}]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test), "utf-8")

    _, said = await promtool("test", "rules", "test.yaml", folder=tmp_path)

    assert "error executing template" not in said, said
    assert "summary" in said  # it did render them, and showed how they differ from what was expected


def test_every_series_that_is_asked_for_is_published() -> None:
    written = as_prometheus.write(loading.load([RULES], SCHEMAS), SCHEMAS)
    page = (RULES.parent / "docs" / "reference" / "metrics.md").read_text("utf-8")

    named = set(re.findall(r"\bpowerscale_\w+", written.text))

    assert len(named) > 50
    assert {name for name in named if f"`{name}`" not in page} == set()
