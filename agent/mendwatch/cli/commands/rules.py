"""`mendwatch rules`: are the rules right, and do they decide as their authors meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mendwatch.alerting import loading, schemas
from mendwatch.alerting.schemas import Schemas
from mendwatch.cli import lazily, output
from mendwatch.cli.commands import rules_list
from mendwatch.cli.context import ConfigOption, JsonOption, judging, settings_if_any
from mendwatch.cli.options import taking
from mendwatch.errors import ContentError, UserError
from mendwatch.model.text import count
from mendwatch.polling import providers
from mendwatch.remediation.catalogue import Catalogue
from mendwatch.service import library

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Files or folders of rules; without any, those shipped and those of the configuration.", show_default=False
    ),
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    others = {"fmt": _fmt, "import-eda": _import_eda, "backtest": _backtest, "explain": _explain}
    group = typer.Typer(
        help="Check, test and take over rules.", invoke_without_command=True, callback=whole, cls=lazily.group(others)
    )
    group.command("check")(check)
    group.command("test")(run_tests)
    group.command("list")(list_rules)
    app.add_typer(group, name="rules")


def _fmt() -> Callable[..., None]:
    from mendwatch.cli.commands.rules_fmt import fmt  # noqa: PLC0415 - no other command needs it

    return fmt


def _import_eda() -> Callable[..., None]:
    from mendwatch.cli.commands.rules_import import import_eda  # noqa: PLC0415 - as above

    return import_eda


def _backtest() -> Callable[..., None]:
    from mendwatch.cli.commands.rules_backtest import Wanted, backtest  # noqa: PLC0415 - as above

    return taking(Wanted, backtest)


def _explain() -> Callable[..., None]:
    from mendwatch.cli.commands.rules_explain import explain  # noqa: PLC0415 - as above

    return explain


def whole(
    context: typer.Context,
    config: ConfigOption = None,
    *,
    prometheus: Annotated[
        bool, typer.Option("--as-prometheus", help="Print the rules as a Prometheus rule file, and on standard error what is lost.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check, test and take over rules."""
    given = [name for name in context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    if context.invoked_subcommand is not None:
        if given:
            raise UserError(f"--{given[0]} stands before the command", hint=f"Write it behind `{context.invoked_subcommand}`.")
        return
    if not prometheus:
        output.line(context.get_help())
        raise typer.Exit(2)
    from mendwatch.cli.commands import rules_prometheus  # noqa: PLC0415 - no other command needs it

    set_up = _set_up(None, config)
    with judging(ContentError):
        rules_prometheus.show(loading.load(set_up.paths, set_up.schemas), set_up.schemas, json=json)


def check(paths: PathsArgument = None, config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Load rules as the agent does: every fault with file, line, column and a hint, all at once; exit 1 if there is one."""
    set_up = _set_up(paths, config)
    with judging(ContentError):
        set_up.remediations.raise_faults()
        found = loading.load(set_up.paths, set_up.schemas, set_up.remediations)
        _some(len(found.rules), set_up)
    rows = [{"alert": r.alert, "on": r.on, "remediation": r.remediate.remediation if r.remediate else None} for r in found.rules]
    if json:
        output.as_json(rows)
        return
    output.table(("ALERT", "ON", "REMEDIATION"), (tuple(row.values()) for row in rows), empty="no rules")
    output.line(f"{count(len(rows), 'rule')}, no faults")


def list_rules(
    paths: PathsArgument = None,
    on: rules_list.OnOption = None,
    severity: rules_list.SeverityOption = None,
    mode: rules_list.ModeOption = None,
    config: ConfigOption = None,
    *,
    alert: rules_list.NameOption = "",
    json: JsonOption = False,
) -> None:
    """List rules: what each is over, how bad it is, what it may do, and where it stands."""
    wanted = rules_list.Filter(on, severity, mode, alert)
    set_up = _set_up(paths, config)
    with judging(ContentError):
        found = loading.load(set_up.paths, set_up.schemas, set_up.remediations)
    rules_list.show(found.rules, wanted, json=json)


def run_tests(paths: PathsArgument = None, config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Run the tests that the rule files carry; exit 1 if one fails."""
    from mendwatch.alerting import rule_tests  # noqa: PLC0415 - the whole engine, which no other command needs

    set_up = _set_up(paths, config)
    with judging(ContentError):
        report = rule_tests.run(set_up.paths, set_up.schemas)
        _some(report.rules, set_up)
    if json:
        output.as_json(report)
    else:
        output.line(report.text())
    if not report.passed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _SetUp:
    """Which rules are looked at, and what they are held against."""

    paths: tuple[Path, ...]
    schemas: Schemas
    remediations: Catalogue


def _set_up(paths: list[Path] | None, config: Path | None) -> _SetUp:
    """Take what is shipped and installed, and the operator's own where a configuration is there.

    Raises:
        UserError: a named path is not there, or the configuration is wrong.
    """
    for path in paths or ():
        if not path.exists():
            raise UserError(f"{path}: there is no such file or folder", hint="Name a file of rules, or a folder that holds some.")
    loaded = settings_if_any(config)
    names = sorted({*library.installed(), *(target.provider for target in loaded.targets)})
    known = schemas.of_providers(providers.discover(names).values())
    return _SetUp(tuple(paths or library.rule_paths(loaded, names)), known, library.remediations(loaded))


def _some(number: int, set_up: _SetUp) -> None:
    """Refuse to call nothing faultless."""
    if not number:
        where = ", ".join(map(str, set_up.paths)) or "the configuration"
        raise ContentError(f"no rules found in {where}", hint="A file of rules ends in .yaml and has `groups:`.")
