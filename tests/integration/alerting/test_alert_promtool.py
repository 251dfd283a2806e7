"""The same test, written once, passes in promtool and here: our `for`, our notation and our series are Prometheus'."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from mendwatch.alerting import rule_tests
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.model.samples import MetricSpec, RecordSchema

PROMTOOL = shutil.which("promtool")
METRICS = (MetricSpec("q_usage", "", labels=("path",)), MetricSpec("q_limit", "", labels=("path",)))
KNOWN = {"quota": KnownSchema(RecordSchema("quota", ("path",), {"usage": "q_usage", "limit": "q_limit"}), "cluster", 60.0, METRICS)}
OURS = """
groups:
- name: g
  rules:
  - {alert: Full, on: quota, when: usage / limit > 0.9, for: 5m, labels: {severity: warning}}
  - {alert: Kept, on: quota, when: usage / limit > 0.9, keep_firing_for: 4m, match: ['path=~"/a|/b.*"']}
tests:
"""
THEIRS = """
groups:
- name: g
  rules:
  - {alert: Full, expr: q_usage / q_limit > 0.9, for: 5m, labels: {severity: warning}}
  - {alert: Kept, expr: 'q_usage{path=~"/a|/b.*"} / q_limit > 0.9', keep_firing_for: 4m}
"""
TESTS = """
- interval: 1m
  input_series:
  - {series: 'q_usage{cluster="lab", path="/a"}', values: '80+2x10 100x5 50x20'}
  - {series: 'q_limit{cluster="lab", path="/a"}', values: '100x40'}
  - {series: 'q_usage{cluster="lab", path="/c"}', values: '95x3 90 95x30'}
  - {series: 'q_limit{cluster="lab", path="/c"}', values: '100x40'}
  alert_rule_test:
  - {eval_time: 8m, alertname: Full, exp_alerts: []}
"""
#: (rule, minute, the paths that fire)
MOMENTS = [("Full", minute) for minute in range(30)] + [("Kept", minute) for minute in range(30)]


def expectations(firing: dict[tuple[str, int], list[str]]) -> str:
    lines = []
    for (name, minute), paths in firing.items():
        severity = ", severity: warning" if name == "Full" else ""
        alerts = ", ".join(f"{{exp_labels: {{cluster: lab, path: {path}{severity}}}}}" for path in paths)
        lines.append(f"  - {{eval_time: {minute}m, alertname: {name}, exp_alerts: [{alerts}]}}\n")
    return "".join(lines)


def story() -> dict[tuple[str, int], list[str]]:
    """What must be: /a is above 90 from minute 6 to 16; /c dips to 90 at minute 4, and holds from minute 5 to 35."""
    firing: dict[tuple[str, int], list[str]] = {}
    for name, minute in MOMENTS:
        a = 11 <= minute <= 16 if name == "Full" else 6 <= minute <= 20
        c = name == "Full" and minute >= 10
        firing[name, minute] = [path for path, fires in (("/a", a), ("/c", c)) if fires]
    return firing


def test_our_engine_agrees_with_the_story(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OURS + TESTS + expectations(story()), "utf-8")

    assert rule_tests.run([tmp_path / "ours.yaml"], KNOWN).text().splitlines()[-1] == "1 test of 2 rules, 0 failed"


@pytest.mark.skipif(PROMTOOL is None and "CI" not in os.environ, reason="promtool is not installed (Debian: prometheus)")
async def test_promtool_agrees_with_the_same_story(tmp_path: Path) -> None:
    assert PROMTOOL is not None, "promtool is not installed"
    (tmp_path / "theirs.yaml").write_text(THEIRS, "utf-8")
    (tmp_path / "test.yaml").write_text(
        "rule_files: [theirs.yaml]\nevaluation_interval: 1m\ntests:" + TESTS + expectations(story()), "utf-8"
    )
    process = await asyncio.create_subprocess_exec(
        PROMTOOL, "test", "rules", "test.yaml", cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()
