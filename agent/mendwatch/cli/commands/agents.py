"""`mendwatch agents`: which agents share the state, which one acts, and having one hand over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, with_store
from mendwatch.errors import UserError
from mendwatch.model.members import Member
from mendwatch.store.interface import Fleet, Store


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Show the agents that share a PostgreSQL state, and have one hand over.", no_args_is_help=True)
    group.command("list")(list_agents)
    group.command("drain")(drain)
    app.add_typer(group, name="agents")


def list_agents(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List the agents that were there within a day: one acts, the others stand by."""

    async def work(store: Store) -> Sequence[Member]:
        return await _fleet(store).members()

    members = with_store(config, work)
    if json:
        output.as_json(members)
        return
    rows = [
        (one.badge.id, _state(one), one.badge.host, one.badge.pid, one.badge.version, output.moment(one.until)) for one in members
    ]
    output.table(("AGENT", "STATE", "HOST", "PID", "VERSION", "UNTIL"), rows, empty="no agent was there within a day")


def drain(
    agent: Annotated[str, typer.Argument(help="The agent's id, as `agents list` shows it.")],
    config: ConfigOption = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let it act again.")] = False,
) -> None:
    """Have an agent hand over to another one within seconds, and keep it from acting while another one can."""

    async def work(store: Store) -> None:
        await _fleet(store).drain(agent, wanted=not undo, actor=person().actor)

    with_store(config, work)
    output.line(f"{agent} may act again" if undo else f"{agent} hands over; see `mendwatch agents list`")


def _fleet(store: Store) -> Fleet:
    if store.fleet is None:
        raise UserError(
            "this state belongs to one agent: it is a SQLite file", hint="Agents share a PostgreSQL state; see docs/scale.md."
        )
    return store.fleet


def _state(member: Member) -> str:
    if not member.alive:
        return "gone"
    return ("acts" if member.acting else "stands by") + (", drains" if member.draining else "")
