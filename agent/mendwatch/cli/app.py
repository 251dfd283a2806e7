"""The command line put together: its commands, and how every error ends.

Exit codes: 0 done, 1 found wanting (or refused), 2 used wrongly.
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer
from click.exceptions import ClickException

from mendwatch.cli import output
from mendwatch.cli.commands import audit, check, demo, mcp, remediations, rules, run, runs, targets, tokens
from mendwatch.errors import MendwatchError, UserError

EXIT_WANTING = 1
EXIT_USAGE = 2


def build() -> typer.Typer:
    """Make the application with all its commands."""
    app = typer.Typer(
        name="mendwatch",
        help="Watches infrastructure and mends it when a rule or a person agrees.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    app.command("run")(run.run)
    app.command("demo")(demo.demo)
    app.command("check")(check.check)
    app.command("targets")(targets.targets)
    app.command("mcp")(mcp.mcp)
    app.add_typer(rules.build(), name="rules")
    app.add_typer(remediations.build(), name="remediations")
    app.add_typer(runs.build(), name="runs")
    app.add_typer(tokens.build(), name="token")
    app.add_typer(audit.build(), name="audit")
    return app


def main() -> NoReturn:
    """Run the command that the arguments name, and end the process with its exit code."""
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """Run one command and give its exit code; errors become a message with a hint, never a traceback."""
    try:
        result = build()(arguments, standalone_mode=False)
    except MendwatchError as problem:
        output.error(str(problem), problem.hint)
        return EXIT_USAGE if isinstance(problem, UserError) else EXIT_WANTING
    except ClickException as problem:
        problem.show()
        return EXIT_USAGE
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_WANTING
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (`| head`); there is nobody to tell
        return 0
    return result if isinstance(result, int) else 0


def _options(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    if version:
        output.line(output.version())
        raise typer.Exit
