"""Between rows and nouns: what a run, a token and a silence look like in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from mendwatch.model.principals import Role, Token
from mendwatch.model.runs import Change, Decision, Plan, Run, RunState
from mendwatch.model.silences import Silence
from mendwatch.store.canonical import plain

_RUN_TEXTS = ("id", "dedup_key", "rule", "rule_digest", "fingerprint", "target", "remediation", "risk", "mode", "proposer", "note")
_RUN_FIELDS = (
    *_RUN_TEXTS,
    "quorum",
    "not_proposer",
    "version",
    "fence",
    "created_at",
    "updated_at",
    "subject",
    "variables",
    "plan_hash",
    "expires_at",
    "run_dir",
    "started_at",
    "ended_at",
    "outcome",
)  # fmt: skip - a list of names is read, not edited
_SILENCE_FIELDS = ("id", "starts_at", "ends_at", "author", "comment", "created_at")
_TOKEN_FIELDS = ("id", "name", "created_at", "expires_at", "revoked_at")


def run_row(run: Run) -> dict[str, Any]:
    """Give the columns of a run."""
    return {
        **{name: getattr(run, name) for name in _RUN_FIELDS},
        "state": run.state.value,
        "plan": None if run.plan is None else plain(_plan_fields(run.plan)),
        "decisions": [plain(asdict(decision)) for decision in run.decisions],
        "events_resolved": None if run.events_resolved is None else list(run.events_resolved),
    }


def run_of(row: RowMapping) -> Run:
    """Give the run of a row."""
    settled = row["events_resolved"]
    return Run(
        **{name: row[name] for name in _RUN_FIELDS},
        state=RunState(row["state"]),
        plan=None if row["plan"] is None else _plan_of(row["plan"]),
        decisions=tuple(_decision_of(fields) for fields in row["decisions"]),
        events_resolved=None if settled is None else tuple(settled),
    )


def token_row(token: Token) -> dict[str, Any]:
    """Give the columns of a token, but for the hash of its secret."""
    fields = {name: getattr(token, name) for name in _TOKEN_FIELDS}
    return {**fields, "role": token.role.value, "person": token.person, "model": token.model}


def token_of(row: RowMapping) -> Token:
    """Give the token of a row."""
    fields = {name: row[name] for name in _TOKEN_FIELDS}
    return Token(**fields, role=Role(row["role"]), person=row["person"] or "", model=bool(row["model"]))


def silence_row(silence: Silence) -> dict[str, Any]:
    """Give the columns of a silence."""
    return {**{name: getattr(silence, name) for name in _SILENCE_FIELDS}, "matchers": list(silence.matchers)}


def silence_of(row: RowMapping) -> Silence:
    """Give the silence of a row."""
    return Silence(**{name: row[name] for name in _SILENCE_FIELDS}, matchers=tuple(row["matchers"]))


def _plan_fields(plan: Plan) -> dict[str, object]:
    return {
        "remediation": plan.remediation,
        "remediation_digest": plan.remediation_digest,
        "target": plan.target,
        "address": plan.address,
        "variables": plan.variables,
        "changes": [[change.subject, change.before, change.after] for change in plan.changes],
        "versions": plan.versions,
    }


def _plan_of(fields: Mapping[str, Any]) -> Plan:
    return Plan(**{**fields, "changes": tuple(Change(*change) for change in fields["changes"])})


def _decision_of(fields: Mapping[str, Any]) -> Decision:
    return Decision(**{**fields, "at": datetime.fromisoformat(fields["at"]).astimezone(UTC)})
