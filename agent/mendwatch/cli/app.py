"""The command line put together: its commands, and how every error ends.

Exit codes: 0 done; 1 found wanting (what a command was asked to check has faults) or refused; 2 used wrongly (arguments,
files or a configuration that cannot be used at all).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from mendwatch.cli import output
from mendwatch.errors import MendwatchError, UserError
from mendwatch.service import logs

EXIT_WANTING = 1
EXIT_USAGE = 2
#: What the library raises for unknown commands, options and values; only this one of its classes has a public name.
_USED_WRONGLY: Any = typer.BadParameter.__mro__[1]

#: Each command and the module that registers it. A command imports its own module only: the database alone costs half a second.
COMMANDS = {
    "run": "run",
    "demo": "demo",
    "gym": "gym",
    "check": "check",
    "doctor": "doctor",
    "targets": "targets",
    "record": "recordings",
    "replay": "recordings",
    "rules": "rules",
    "remediations": "remediations",
    "silence": "silences",
    "reload": "reload",
    "runs": "runs",
    "stop-runs": "switches",
    "allow-runs": "switches",
    "breaker": "breakers",
    "delegation": "delegations",
    "token": "tokens",
    "audit": "audit",
    "db": "db",
    "agents": "agents",
    "mcp": "mcp",
}


def build(names: Sequence[str]) -> typer.Typer:
    """Make the application with the named commands."""
    app = typer.Typer(
        name="mendwatch",
        help="Watches infrastructure and mends it when a rule or a person agrees.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for module in dict.fromkeys(COMMANDS[name] for name in names):
        import_module(f"mendwatch.cli.commands.{module}").register(app)
    return app


def main() -> NoReturn:
    """Run the command that the arguments name, and end the process with its exit code."""
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """Run one command and give its exit code; errors become a message with a hint, never a traceback.

    Where the arguments ask for JSON, the error is JSON too, on standard output.
    """
    logs.configure("text")  # on standard error, so that an answer on standard output stays one
    json = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
    try:
        return _run(arguments, json=json)
    except SystemExit as ended:  # how the library ends a command, also one that was used wrongly
        return ended.code if isinstance(ended.code, int) else EXIT_WANTING
    except MendwatchError as problem:
        output.failure(problem, json=json)
        return EXIT_USAGE if isinstance(problem, UserError) else EXIT_WANTING


def _run(arguments: list[str], *, json: bool) -> int:
    """Run one command; the library tells people itself what was used wrongly, and a script is told by us."""
    app = build(_wanted(arguments))
    if not json:
        app(arguments)
        return 0
    try:
        code = app(arguments, standalone_mode=False)
    except _USED_WRONGLY as problem:
        raise UserError(problem.format_message(), hint="See the command with --help.") from problem
    return code if isinstance(code, int) else 0


def _wanted(arguments: Sequence[str]) -> Sequence[str]:
    """Give the command that the arguments name; all of them for help, for completion and for a word that is none."""
    return arguments[:1] if arguments and arguments[0] in COMMANDS else tuple(COMMANDS)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer's way of a flag
    if asked:
        output.line(output.version())
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Take the options that come before a command."""
