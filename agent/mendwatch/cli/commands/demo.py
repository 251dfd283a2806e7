"""`mendwatch demo`: the whole loop on a pretended cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import JsonOption
from mendwatch.cli.demo.verdict import Outcome
from mendwatch.errors import UserError
from mendwatch.service import logs


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    provider: Annotated[str, typer.Option(help="Which pretended infrastructure to watch.")] = "onefs",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the agent; 0 takes a free one.")] = 0,
    patience: Annotated[float, typer.Option(help="Seconds after which an unattended demo gives up.")] = 120.0,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve by itself, print the timeline and end.")] = False,
    json: JsonOption = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the agent's own log too.")] = False,
) -> None:
    """Watch a pretended cluster fill a quota, plan the repair, approve it, and see it verified.

    Everything lives in a temporary folder that is removed at the end. With --yes the exit code is 0 only if the
    quota was raised on the cluster, the run is verified, the alert has cleared and the audit chain holds.
    """
    if json and not yes:
        raise UserError("--json prints the result only, so nobody could be asked", hint="Add --yes, or leave --json out.")
    logs.configure("text", verbose=verbose, quiet=not verbose)
    from mendwatch.cli.demo.scenes import Stage, perform  # noqa: PLC0415 - half a second of imports that no other command needs

    stage = Stage(provider=provider, port=port, patience=patience, unattended=yes, live=not json)
    outcome = asyncio.run(perform(stage))
    if json:
        output.as_json(outcome)
    elif yes or not outcome.done:
        _print(outcome)
    if not outcome.done:
        raise typer.Exit(1)


def _print(outcome: Outcome) -> None:
    output.line()
    output.table(
        ("SECONDS", "STEP", "WHAT"),
        ((f"{step.seconds:.2f}", step.name, step.text) for step in outcome.timeline),
        empty="nothing happened",
    )
    output.line()
    for check in outcome.checks:
        output.line(f"  {'yes' if check.holds else 'NO '}  {check.name}: {check.fact}")
    if outcome.done:
        output.line(
            f"\nmended and verified in {outcome.seconds:.1f} s; approval to first task {outcome.approval_to_first_task:.2f} s"
        )
    else:
        output.error(f"the demo did not end well: {outcome.reason}", "Run it again with --verbose to see the agent's log.")
