"""`mendwatch targets`: what is watched, and how each target does, as the running agent sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, settings
from mendwatch.config import loading
from mendwatch.config.settings import Settings
from mendwatch.service.state import ADDRESS

_TIMEOUT = aiohttp.ClientTimeout(total=3)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("targets")(targets)


def targets(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List the configured targets with their state; `agent not running` where none answers."""
    loaded, _ = settings(config)
    states = asyncio.run(_states(loaded))
    rows = [
        {
            "name": t.name,
            "provider": t.provider,
            "address": loading.target_of(t).shown_address,
            "state": states.get(t.name, "unknown: the agent is not running"),
        }
        for t in loaded.targets
    ]
    if json:
        output.as_json(rows)
        return
    output.table(("NAME", "PROVIDER", "ADDRESS", "STATE"), (tuple(row.values()) for row in rows), empty="no targets configured")


async def _states(loaded: Settings) -> dict[str, str]:
    """Ask the agent's readiness page, which names each target's state."""
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(f"{_url(loaded)}/-/ready") as answer:
            body = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}
    found = body.get("targets") if isinstance(body, dict) else None
    return {str(name): str(state) for name, state in found.items()} if isinstance(found, dict) else {}


def _url(loaded: Settings) -> str:
    """Give where the agent said that it listens; what the configuration says where it left no word, or does not run."""
    try:
        return (loaded.state_dir / ADDRESS).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return f"http://{loaded.listen}"
