"""Two kinds of records, and short ways to rules over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alert_worlds import World

from mendwatch.alerting import loading
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation, Risk, Timeouts
from mendwatch.model.samples import MetricSpec, RecordSchema

QUOTA_FIELDS = {f"{name}_bytes": f"storage_quota_{name}_bytes" for name in ("usage", "hard_limit", "soft_limit")}
PARAMETERS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "limit"],
    "dependentRequired": {"unless": ["force"]},
    "properties": {
        "path": {"type": "string", "pattern": "^/|^$"},
        "limit": {"type": "integer", "minimum": 1},
        "force": {"type": "boolean"},
        "how": {"type": "string", "enum": ["fast", "safe"]},
        "unless": {"type": "string"},
    },
}

RuleLoader = Callable[..., RuleSet]
FaultFinder = Callable[..., str]


def _known(name: str, labels: tuple[str, ...], fields: Mapping[str, str]) -> KnownSchema:
    metrics = tuple(MetricSpec(metric, "help", labels=labels) for metric in fields.values())
    return KnownSchema(RecordSchema(name, labels, fields), "cluster", 60.0, metrics)


@pytest.fixture
def known() -> dict[str, KnownSchema]:
    """`quota` with path and type, `node` with its number."""
    return {
        "quota": _known("quota", ("path", "type"), QUOTA_FIELDS),
        "node": _known("node", ("node",), {"up": "storage_node_up"}),
    }


@pytest.fixture
def remediations(tmp_path: Path) -> dict[str, Remediation]:
    """One remediation that wants a path and a whole number."""
    one = Remediation(
        id="storage/quota_raise",
        title="Raise",
        description="",
        risk=Risk.LOW,
        reversible=True,
        idempotent=True,
        parameters=PARAMETERS,
        preconditions=(),
        verification="",
        rollback="",
        timeouts=Timeouts(),
        requires_collections=(),
        requires_privileges=(),
        resolve=None,
        digest="0" * 64,
        folder=tmp_path,
        playbook=tmp_path / "playbook.yaml",
    )
    return {one.id: one}


@pytest.fixture
def load(known: dict[str, KnownSchema], remediations: dict[str, Remediation], tmp_path: Path) -> RuleLoader:
    """Load rules from the text of a file's `rules:` list."""

    def load(text: str) -> RuleSet:
        return loading.load([_written(tmp_path, text)], known, remediations)

    return load


@pytest.fixture
def faults(known: dict[str, KnownSchema], remediations: dict[str, Remediation], tmp_path: Path) -> FaultFinder:
    """Load rules that must be refused, and give all that was said."""

    def faults(text: str) -> str:
        with pytest.raises(ContentError) as problem:
            loading.load([_written(tmp_path, text)], known, remediations)
        return str(problem.value).replace(str(tmp_path) + "/", "")

    return faults


def _written(folder: Path, text: str) -> Path:
    """Write a file around a list of rules; what already is a whole file stays."""
    path = folder / "rules.yaml"
    whole = text if "groups:" in text else "groups:\n- name: test\n  rules:\n" + text
    path.write_text(whole, "utf-8")
    return path


@pytest.fixture
def start() -> datetime:
    """When every story begins."""
    return datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def world(load: RuleLoader, known: dict[str, KnownSchema]) -> Callable[[str], World]:
    """A world with the given rules."""
    return lambda text: World(load(text), known)
