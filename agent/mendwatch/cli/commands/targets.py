"""`mendwatch targets`: what is watched, what a target says of itself, and how a new one is added."""

from __future__ import annotations

import asyncio
import json as json_format
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mendwatch.cli import adding, agent_page, context, output
from mendwatch.cli.agent_page import Unseen
from mendwatch.cli.context import ConfigOption, JsonOption
from mendwatch.config import loading
from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import ConfigurationError
from mendwatch.polling import providers
from mendwatch.polling.watches import watch
from mendwatch.provider import Examiner


def register(app: typer.Typer) -> None:
    """Add the group of commands; without one of them it lists."""
    group = typer.Typer(help="List, inspect and add targets.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(listed)
    group.command("inspect")(inspect)
    group.command("add")(add)
    app.add_typer(group, name="targets")


def _default(called: typer.Context, config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List, inspect and add targets; without a command, list them."""
    if called.invoked_subcommand is None:
        listed(config, json=json)


def listed(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List the configured targets with their state, as the running agent sees it."""
    loaded, _ = context.settings(config)
    states, unknown = asyncio.run(_states(loaded))
    rows = [
        {
            "name": t.name,
            "provider": t.provider,
            "address": loading.target_of(t).shown_address,
            "state": states.get(t.name, f"unknown: {unknown.value}"),
        }
        for t in loaded.targets
    ]
    if json:
        output.as_json(rows)
        return
    output.table(("NAME", "PROVIDER", "ADDRESS", "STATE"), (tuple(row.values()) for row in rows), empty="no targets configured")


def inspect(
    name: Annotated[str, typer.Argument(help="The target's name.")], config: ConfigOption = None, *, json: JsonOption = False
) -> None:
    """Ask one target what it is, now and by its API; needs no running agent."""
    loaded, folder = context.settings(config)
    facts = asyncio.run(_inspected(context.named(loaded, name), folder))
    if json:
        output.as_json(facts)
        return
    output.table(("WHAT", "VALUE"), ((key, _shown(value)) for key, value in facts.items()), empty="it says nothing of itself")


def add(
    name: Annotated[str | None, typer.Argument(help="The target's id: a label of every sample.", show_default=False)] = None,
    provider: Annotated[str | None, typer.Option(help="The kind of infrastructure.", show_default=False)] = None,
    address: Annotated[str | None, typer.Option(help="Host name, address or URL.", show_default=False)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value: username, password_file or options.<name>; may be repeated.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Accept what is suggested; ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Test, show what would be written, write nothing.")] = False,
) -> None:
    """Add a target: asks what is not given, tests the login, then writes the configuration.

    A password that is typed goes to a file of its own, mode 0600; the configuration only names that file. Nothing is written
    unless the target answered.
    """
    given = adding.Given(name, provider, address, tuple(settings or ()))
    adding.add(loading.find(config), given, adding.Manner(ask=not yes, dry_run=dry_run))


async def _inspected(stanza: TargetSettings, folder: Path) -> Mapping[str, object]:
    found = providers.discover({stanza.provider})
    if stanza.provider not in found:
        raise ConfigurationError(f"provider {stanza.provider} is unavailable: {found.unavailable[stanza.provider]}")
    watched = watch(stanza, found[stanza.provider], folder)
    if isinstance(watched.provider, Examiner):
        return await watched.provider.inspect(watched.target, watched.credential())
    session = watched.provider.open(watched.target, watched.credential())
    try:
        identity = await session.identify()
    finally:
        await session.close()
    return {"name": identity.name, "product": identity.product, "version": identity.version}


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json_format.dumps(value, ensure_ascii=False, default=str)


async def _states(loaded: Settings) -> tuple[dict[str, str], Unseen]:
    """Ask the agent's readiness page, which names each target's state; also why there is none of those that it does not name."""
    page = await agent_page.get(loaded, "/-/ready")
    if isinstance(page, Unseen):
        return {}, page
    try:
        body = json_format.loads(page)
    except ValueError:
        return {}, Unseen.SILENT
    found = body.get("targets") if isinstance(body, dict) else None
    return {str(name): str(state) for name, state in found.items()} if isinstance(found, dict) else {}, Unseen.SILENT
