"""`mendwatch delegation`: who may decide for whom, from when until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, with_store
from mendwatch.clock import SystemClock
from mendwatch.config.durations import parse_duration
from mendwatch.errors import NotFound, UserError
from mendwatch.model.controls import ControlKind
from mendwatch.store import delegations
from mendwatch.store.delegations import Delegation
from mendwatch.store.interface import Store


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Let somebody decide for you for a while; their word and yours are one voice.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_delegations)
    group.command("end")(end)
    app.add_typer(group, name="delegation")


def add(
    deputy: Annotated[str, typer.Argument(help="Who may decide for you: the person of a token, or a login.")],
    lasting: Annotated[str, typer.Option("--for", help="How long, such as 8h; at most 30d.")],
    after: Annotated[str, typer.Option("--in", help="When it begins, from now, such as 12h.")] = "0s",
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit.")] = "",
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Let somebody decide for you, from now or later, for so long."""
    try:
        starts = SystemClock().now() + parse_duration(after)
        ends = starts + parse_duration(lasting)
    except (ValueError, OverflowError) as problem:
        raise UserError(f"--for, --in: {problem}", hint="Write 8h or 5d.") from problem

    async def work(store: Store) -> Delegation:
        return await delegations.give(store, person().name, deputy, starts, ends, actor=person().actor, reason=reason)

    made = with_store(config, work)
    if json:
        output.as_json(made)
    else:
        output.line(f"{made.id}: {made.deputy} may decide for {made.giver} until {output.moment(made.ends)}")


def list_delegations(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List delegations, those that are over too."""

    async def work(store: Store) -> list[Delegation]:
        return [delegations.of(one) for one in await store.controls.all(ControlKind.DELEGATION)]

    found, now = with_store(config, work), SystemClock().now()
    if json:
        output.as_json(found)
        return
    rows = ((one.id, _state(one, now), one.giver, one.deputy, one.starts, one.ends, one.reason) for one in found)
    output.table(("ID", "STATE", "FOR", "DEPUTY", "FROM", "UNTIL", "REASON"), rows, empty="nobody decides for anybody else")


def end(
    delegation: Annotated[str, typer.Argument(help="The delegation's id.")],
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """End a delegation now."""

    async def work(store: Store) -> Delegation:
        ended = await delegations.end(store, delegation, actor=person().actor)
        if ended is None:
            raise NotFound(f"there is no delegation {delegation[:40]!a}", hint="See `mendwatch delegation list`.")
        return ended

    ended = with_store(config, work)
    if json:
        output.as_json(ended)
    else:
        output.line(f"{ended.id} has ended: {ended.deputy} does not decide for {ended.giver} any more")


def _state(one: Delegation, now: datetime) -> str:
    return "holds" if one.holds(now) else "over" if one.ends <= now else "to come"
