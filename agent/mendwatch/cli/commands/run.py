"""`mendwatch run`: the agent itself, until it is told to stop."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from mendwatch.cli import loops, output
from mendwatch.cli.context import ConfigOption
from mendwatch.config import loading
from mendwatch.errors import StoreError
from mendwatch.service import logs, signals
from mendwatch.service.pid_file import PROCESS, reachable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    config: ConfigOption = None, *, verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False
) -> None:
    """Watch the configured targets until SIGTERM or Ctrl-C. SIGHUP has rules and remediations loaded anew."""
    path = loading.find(config)
    loaded = loading.load(path)
    logs.configure(loaded.log_format, verbose=verbose)
    from mendwatch.service.agent import first  # noqa: PLC0415 - as below
    from mendwatch.service.build import build  # noqa: PLC0415 - half a second of imports that no other command needs

    async def body() -> None:
        stop = asyncio.Event()
        with signals.setting(stop):
            agent = await build(loaded, path.parent, file=path)
            await first(agent.stand_by(), stop.wait())
            if stop.is_set():
                await agent.close()
                return
            async with agent:
                output.line(f"listening on {agent.url}")
                with signals.hanging_up(agent.reload), reachable(loaded.state_dir / PROCESS):
                    await agent.until(stop)
            if agent.overtaken:
                raise StoreError("another agent took over", hint="Start this one again: it stands by.")

    loops.run(body())
