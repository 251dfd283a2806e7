"""`mendwatch rules`: are the rules right, and do they decide as their authors meant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mendwatch import content
from mendwatch.alerting import loading, rule_tests, schemas
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import Schemas
from mendwatch.cli import output
from mendwatch.cli.context import JsonOption
from mendwatch.config.settings import Settings
from mendwatch.polling import providers
from mendwatch.service import library

PathsArgument = Annotated[
    list[Path] | None, typer.Argument(help="Files or folders of rules; those shipped if none is named.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Check and test rules.", no_args_is_help=True)
    group.command("check")(check)
    group.command("test")(run_tests)
    app.add_typer(group, name="rules")


def check(paths: PathsArgument = None, *, json: JsonOption = False) -> None:
    """Load rules as the agent does: every fault with file, line, column and a hint, all at once."""
    found = _loaded(paths)
    rows = [{"alert": r.alert, "on": r.on, "remediation": r.remediate.remediation if r.remediate else None} for r in found.rules]
    if json:
        output.as_json(rows)
        return
    output.table(("ALERT", "ON", "REMEDIATION"), (tuple(row.values()) for row in rows), empty="no rules")
    output.line(f"{len(rows)} rules, no faults")


def run_tests(paths: PathsArgument = None, *, json: JsonOption = False) -> None:
    """Run the tests that the rule files carry; exit 1 if one fails."""
    report = rule_tests.run(_paths(paths), _schemas())
    if json:
        output.as_json(report)
    else:
        output.line(report.text())
    if not report.passed:
        raise typer.Exit(1)


def _loaded(paths: list[Path] | None) -> RuleSet:
    remediations = library.remediations(Settings())
    remediations.raise_faults()
    return loading.load(_paths(paths), _schemas(), remediations)


def _paths(paths: list[Path] | None) -> list[Path]:
    return paths or [content.folder("rules")]


def _schemas() -> Schemas:
    return schemas.of_providers(providers.discover(library.installed()).values())
