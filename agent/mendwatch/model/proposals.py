"""A proposal: a firing rule asks for its remediation. It carries values only, so that the engines need not know each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mendwatch.model.alerts import Alert
from mendwatch.model.rules import Rule


@dataclass(frozen=True, slots=True)
class Proposal:
    """`variables` are the stanza's expressions, evaluated over the record that made the rule fire."""

    rule: Rule
    alert: Alert
    variables: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What measuring a condition anew gave: True, False, or None where there was no data; and why, in words."""

    holds: bool | None
    reason: str
    values: Mapping[str, float]
