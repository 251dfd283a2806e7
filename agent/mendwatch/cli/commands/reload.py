"""`mendwatch reload`: have the running agent load rules and remediations anew."""

from __future__ import annotations

import asyncio
import re

import typer

from mendwatch.alerting import loading, schemas
from mendwatch.cli import agent_page, output
from mendwatch.cli.context import ConfigOption, JsonOption, Wanting, judging, settings
from mendwatch.clock import SystemClock
from mendwatch.config.settings import Settings
from mendwatch.errors import ContentError, Refused
from mendwatch.polling import providers
from mendwatch.service import library
from mendwatch.service.pid_file import PROCESS, hang_up

#: Seconds until the agent must have said how it went.
PATIENCE = 20.0
_FIGURE = re.compile(r"^mendwatch_rules_(last_reload_successful|last_reload_timestamp_seconds|loaded) (\S+)", re.MULTILINE)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reload")(reload)


def reload(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Check rules and remediations, then have the running agent load them; exit 1 if there is a fault, and nothing changes.

    It sends SIGHUP to the agent of this machine. From elsewhere: POST /-/reload with the token of an operator.
    """
    loaded, _ = settings(config)
    _check(loaded)
    rules = asyncio.run(_reload(loaded))
    if json:
        output.as_json({"rules": rules})
    elif rules is None:
        output.line("the agent was asked to load its rules; its log says what became of it")
    else:
        output.line(f"the agent loaded {rules} rules")


def _check(loaded: Settings) -> None:
    """Tell every fault here, where the person is, before the agent is asked."""
    names = sorted({target.provider for target in loaded.targets})
    with judging(ContentError):
        remediations = library.remediations(loaded)
        remediations.raise_faults()
        found = providers.discover(names)
        loading.load(library.rule_paths(loaded, found), schemas.of_providers(found.values()), remediations)


async def _reload(loaded: Settings) -> int | None:
    """Ask, and wait for the agent's word; None where it cannot be read. Raises Refused where there is no agent."""
    before = await _figures(loaded)
    if not hang_up(loaded.state_dir / PROCESS):
        hint = "Start it with `mendwatch run`; as another user or from elsewhere, POST /-/reload with the token of an operator."
        raise Refused("no agent of this configuration runs here that may be asked", hint=hint)
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE
    while before is not None and clock.monotonic() < deadline:
        after = await _figures(loaded)
        if after is None:
            return None
        if after.get("last_reload_timestamp_seconds") != before.get("last_reload_timestamp_seconds"):
            if not after.get("last_reload_successful"):
                raise Wanting("the agent could not load them, and goes on with those of before", hint="Its log says why.")
            return int(after["loaded"])
        await clock.sleep(0.1)
    return None


async def _figures(loaded: Settings) -> dict[str, float] | None:
    page = await agent_page.get(loaded, "/metrics")
    return {name: float(value) for name, value in _FIGURE.findall(page)} if isinstance(page, str) else None
