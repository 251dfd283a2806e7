"""Rules are written for Prometheus so that they mean the same there, or are left out with a reason."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
import yaml
from promtool import promtool

from mendwatch.alerting import as_prometheus, loading, promql
from mendwatch.alerting.as_prometheus import Written
from mendwatch.alerting.conditions import Language
from mendwatch.alerting.promql import Scope, Unsayable
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.model.samples import MetricSpec, RecordSchema

_FIELDS = ("used", "limit", "more")
_SCHEMA = RecordSchema("quota", ("path", "type"), {name: f"q_{name}" for name in _FIELDS})
QUOTA = KnownSchema(_SCHEMA, "cluster", 60.0, tuple(MetricSpec(f"q_{name}", "", labels=("path", "type")) for name in _FIELDS))
POOL = KnownSchema(RecordSchema("pool", (), {"full": "p_full"}), "cluster", 60.0, (MetricSpec("p_full", ""),))
SCHEMAS = {"quota": QUOTA, "pool": POOL}
SCOPE = Scope(QUOTA, (), {}, {})


def said(text: str) -> str:
    return promql.condition(Language(_FIELDS, QUOTA.labels).condition(text).tree, SCOPE)


def written(tmp_path: Path, rule: str) -> Written:
    file = tmp_path / "rules.yaml"
    file.write_text(f"groups:\n- name: g\n  rules:\n  - {rule}\n", "utf-8")
    return as_prometheus.write(loading.load([file], SCHEMAS), SCHEMAS)


def made(found: Written) -> dict[str, object]:
    rule: dict[str, object] = yaml.safe_load(found.text)["groups"][0]["rules"][0]
    return rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("used > 0.9", "q_used > 0.9"),
        ("used / limit >= 1.0", "(q_used / (q_limit != 0)) >= 1"),
        ('used > 1.0 && type == "directory"', 'q_used{type="directory"} > 1'),
        ('used > 1.0 && !(path.startsWith("/ifs/a.b"))', 'q_used{path!~"/ifs/a\\\\.b.*"} > 1'),
        ('used > 1.0 && type in ["a", "b"]', 'q_used{type=~"a|b"} > 1'),
        ("used > 1.0 && limit < 2.0", "(q_used > 1) and (q_limit < 2)"),
        ("used > 1.0 || limit < 2.0", "(q_used > 1) or (q_limit < 2)"),
        ("!(used > 1.0 || limit < 2.0)", "(q_used <= 1) and (q_limit >= 2)"),
        ("-used + limit * 2.0 != 5.0", "((-q_used) + (q_limit * 2)) != 5"),
    ],
)
def test_a_condition_is_said_in_promql(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text", ['used > 1.0 || type == "x"', 'type == "x"', "1.0 > 2.0", "used / 0.0 > 1.0", "(used > 1.0 ? used : limit) > 2.0"]
)
def test_what_would_not_mean_the_same_is_left_out(text: str) -> None:
    with pytest.raises(Unsayable):
        said(text)


_CONDITIONS = (
    "used / limit > 0.9",
    "used / (limit - more) > 1.0",
    "used > 2.0 && limit > 1.0 || more == 0.0",
    "!(used > 2.0 && limit > 1.0)",
    "!(used / limit > 0.5 || more < 1.0)",
    'used >= 1.0 && type == "b"',
    'used >= 1.0 && !(type in ["b", "c"])',
    'limit > 0.0 && path.contains("1")',
    "-used < -1.0",
    "used * limit + more != 2.0",
)


def _quotas(dice: random.Random) -> list[tuple[dict[str, str], dict[str, float]]]:
    """Give quotas with every mixture of small numbers, zeros and gaps."""
    values = [None, 0.0, 1.0, 2.0, 3.0]
    chosen = dice.sample(list(itertools.product(values, repeat=len(_FIELDS))), 60)
    labels = ({"cluster": "lab", "path": f"/ifs/{at}", "type": "abc"[at % 3]} for at in range(len(chosen)))
    return [
        (label, {name: value for name, value in zip(_FIELDS, row, strict=True) if value is not None})
        for label, row in zip(labels, chosen, strict=True)
    ]


async def test_prometheus_itself_finds_the_same_subjects_in_trouble(tmp_path: Path) -> None:
    quotas = _quotas(random.Random(7))  # noqa: S311 - the same quotas every time
    language = Language(_FIELDS, QUOTA.labels)
    tests = []
    for text in _CONDITIONS:
        condition = language.condition(text)
        troubled = [labels for labels, values in quotas if condition.holds(language.bind(values, labels))]
        assert troubled, text
        samples = [{"labels": _selector("", labels), "value": 0} for labels in troubled]
        expression = f"({promql.condition(condition.tree, SCOPE)}) * 0"
        tests.append({"expr": expression, "eval_time": "0m", "exp_samples": samples})
    series = [
        {"series": _selector(f"q_{name}", labels), "values": str(value)}
        for labels, values in quotas
        for name, value in values.items()
    ]
    file = tmp_path / "tests.yaml"
    file.write_text(json.dumps({"rule_files": [], "tests": [{"input_series": series, "promql_expr_test": tests}]}), "utf-8")

    code, told = await promtool("test", "rules", file.name, folder=tmp_path)

    assert code == 0, told


def _selector(metric: str, labels: dict[str, str]) -> str:
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def test_a_joined_record_is_met_by_its_labels(tmp_path: Path) -> None:
    rule = "{alert: A, on: quota, with: {pool: {on: pool, equal: [cluster]}}, when: used / limit > pool.full}"

    assert made(written(tmp_path, rule))["expr"] == "(q_used / (q_limit != 0)) > on (cluster) group_left () p_full"


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("rate(used, 5m)", "rate(q_used[5m])"),
        ("quantile_over(0.95, used, 1h)", "quantile_over_time(0.95, q_used[1h])"),
        ("predict_linear(used, 6h, 7d)", "predict_linear(q_used[6h], 604800)"),
        ("avg_over(used, 5m)", "avg_over_time(q_used[5m])"),
        ("last(used, 1h)", "last_over_time(q_used[1h])"),
    ],
)
def test_windows_have_their_counterparts(window: str, expected: str, tmp_path: Path) -> None:
    found = written(tmp_path, f'{{alert: A, on: quota, when: "{window} > 1.0"}}')

    assert made(found)["expr"] == f"{expected} > 1"


def test_what_only_the_agent_can_do_is_told(tmp_path: Path) -> None:
    counted = written(tmp_path, "{alert: A, on: quota, when: count_where(used > 1.0) > 2.0}")
    hysteresis = written(tmp_path, "{alert: A, on: quota, when: used > 2.0, clear: used < 1.0}")

    assert counted.rules == 0
    assert "left out" in counted.remarks[0].message
    assert hysteresis.rules == 1
    assert "`clear`" in hysteresis.remarks[0].message


def test_inhibition_and_matchers_go_along(tmp_path: Path) -> None:
    text = (
        "{alert: A, on: pool, when: full > 1.0}\n  - {alert: B, on: quota, match: ['path=~\"/ifs/.*\"'], when: used > 1.0, for: 5m,"
        " inhibited_by: [{alert: A, equal: [cluster]}]}"
    )
    found = written(tmp_path, text)
    rule = yaml.safe_load(found.text)["groups"][0]["rules"][1]

    assert rule["expr"] == 'q_used{path=~"/ifs/.*"} > 1 unless on (cluster) ALERTS{alertname="A",alertstate="firing"}'
    assert rule["for"] == "5m"


def test_texts_ask_prometheus_for_their_numbers(tmp_path: Path) -> None:
    texts = "{s: '{{ path }} has {{ pct(used / limit) }}', t: '{{ path }} {{ gib(used) }}'}"
    found = written(tmp_path, f"{{alert: A, on: quota, when: used > 1.0, annotations: {texts}}}")

    said_there = made(found)["annotations"]

    assert isinstance(said_there, dict)
    assert said_there["s"].startswith("{{ $labels.path }} has {{ with printf `q_used{cluster=%[1]q,path=%[2]q,type=%[3]q} / ")
    assert "humanizePercentage" in said_there["s"]
    assert "humanize1024" in said_there["t"]
