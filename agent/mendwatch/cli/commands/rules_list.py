"""`mendwatch rules list`: which rules there are, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.config.durations import format_duration
from mendwatch.errors import UserError
from mendwatch.model.rules import SOURCE_ALERTMANAGER, Mode, Rule
from mendwatch.model.text import count

#: What stands for the mode of a rule without a remediation.
NONE = "none"
_MODES = (*(str(mode) for mode in Mode), NONE)

_Texts = list[str] | None
OnOption = Annotated[
    _Texts, typer.Option("--on", help="Only rules over this kind of record; may be given again.", show_default=False)
]
SeverityOption = Annotated[_Texts, typer.Option("--severity", help="Only rules of this severity.", show_default=False)]
ModeOption = Annotated[_Texts, typer.Option("--mode", help=f"Only rules of this mode: {', '.join(_MODES)}.", show_default=False)]
NameOption = Annotated[str, typer.Option("--alert", help="Only rules whose name contains this.", show_default=False)]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rules are wanted; what is not given lets all through."""

    on: _Texts
    severity: _Texts
    mode: _Texts
    alert: str

    def __post_init__(self) -> None:
        for word in self.mode or ():
            if word not in _MODES:
                raise UserError(f"there is no mode {word!r}", hint=f"The modes are {', '.join(_MODES)}.")

    def wants(self, row: Mapping[str, str | None]) -> bool:
        """Tell whether a rule is listed."""
        given = (("on", self.on), ("severity", self.severity), ("mode", self.mode))
        return self.alert.lower() in str(row["alert"]).lower() and all(
            not wanted or (row[name] or NONE) in wanted for name, wanted in given
        )


def show(rules: Iterable[Rule], wanted: Filter, *, json: bool) -> None:
    """Print the rules that are wanted, by file and place."""
    ordered = sorted(rules, key=lambda rule: (rule.path, rule.line))
    rows = [row for row in map(_row, ordered) if wanted.wants(row)]
    if json:
        output.as_json(rows)
        return
    heads = ("ALERT", "ON", "SEVERITY", "MODE", "FOR", "FILE")
    output.table(heads, ([row[head.lower()] or "-" for head in heads] for row in rows), empty="no such rule")
    output.line(count(len(rows), "rule"))


def _row(rule: Rule) -> dict[str, str | None]:
    return {
        "alert": rule.alert,
        "on": rule.on,
        "source": rule.source,
        "severity": rule.labels.get("severity"),
        "mode": str(rule.remediate.mode) if rule.remediate else None,
        "remediation": rule.remediate.remediation if rule.remediate else None,
        "for": format_duration(rule.hold),
        "when": None if rule.source == SOURCE_ALERTMANAGER else rule.when,
        "file": f"{rule.path}:{rule.line}",
    }
