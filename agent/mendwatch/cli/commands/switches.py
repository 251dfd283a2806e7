"""`mendwatch stop-runs` and `mendwatch allow-runs`: the kill switch, while the agent runs."""

from __future__ import annotations

from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, with_store
from mendwatch.model.controls import Control
from mendwatch.remediation import stopping
from mendwatch.store.interface import Store

WhyOption = Annotated[str, typer.Option(help="Why; it stands in the audit and in each run that is held back.")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("stop-runs")(stop_runs)
    app.command("allow-runs")(allow_runs)


def stop_runs(reason: WhyOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Stop runs: from now on none starts, whatever was approved. What has begun goes on to its end."""

    async def work(store: Store) -> Control:
        return await stopping.stop(store, person().actor, reason)

    made = with_store(config, work)
    if json:
        output.as_json({"stopped": True, "by": made.by, "at": made.at, "reason": reason})
    else:
        output.line("runs are stopped; none starts until: mendwatch allow-runs")


def allow_runs(reason: WhyOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Allow runs again after `stop-runs`. A file `runs.stopped` in the state folder, and `runs.enabled: false`, stop them still."""

    async def work(store: Store) -> Control | None:
        return await stopping.allow(store, person().actor, reason)

    before = with_store(config, work)
    if json:
        output.as_json({"stopped": False, "was_stopped": before is not None})
    elif before is None:
        output.line("runs were not stopped by a command")
    else:
        output.line(f"runs are allowed again; {before.by} had stopped them at {output.moment(before.at)}")
