"""`mendwatch breaker`: which remediations were switched off because they failed again and again, and how to let them try again."""

from __future__ import annotations

from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, settings, with_store
from mendwatch.errors import NotFound
from mendwatch.model.controls import Control, ControlKind
from mendwatch.model.runs import SETTLED
from mendwatch.remediation import breakers
from mendwatch.remediation.breakers import Breaker
from mendwatch.service import library
from mendwatch.store.interface import Store

_MANY = 10_000


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="List and reset circuit breakers: what failed again and again is not tried again.", no_args_is_help=True
    )
    group.command("list")(list_breakers)
    group.command("reset")(reset)
    app.add_typer(group, name="breaker")


def list_breakers(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List the breakers that have counted a failure; an open one lets nothing through until a person resets it."""
    found = with_store(config, lambda store: _standing(store, _limits(config)))
    if json:
        output.as_json([{**_row(one), "last": one.last} for one in found])
        return
    output.table(
        ("RULE", "TARGET", "STATE", "FAILURES", "OPENS AT", "LAST FAILURE"),
        ((one.rule, one.target, _state(one), one.failures, one.limit or "-", one.last) for one in found),
        empty="no breaker has counted a failure",
    )


def reset(
    rule: Annotated[str, typer.Argument(help="The rule's name.")],
    target: Annotated[str, typer.Argument(help="The target's name.")],
    reason: Annotated[str, typer.Option(help="Why it may be tried again; it stands in the audit.")] = "",
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Close the breaker of a rule on a target: what failed until now counts no more."""
    limits = _limits(config)

    async def work(store: Store) -> Control:
        known = [one for one in await _standing(store, limits) if (one.rule, one.target) == (rule, target)]
        if not known:
            raise NotFound(f"no breaker of {rule} on {target} has counted a failure", hint="See `mendwatch breaker list`.")
        return await breakers.reset(store, rule, target, person().actor, reason)

    done = with_store(config, work)
    if json:
        output.as_json({"rule": rule, "target": target, "by": done.by, "at": done.at})
    else:
        output.line(f"the breaker of {rule} on {target} is closed; earlier failures count no more")


async def _standing(store: Store, limits: dict[str, int]) -> list[Breaker]:
    runs = await store.runs.list(states=SETTLED, limit=_MANY)
    return breakers.standing(runs, await store.controls.all(ControlKind.BREAKER), limits)


def _limits(config: ConfigOption) -> dict[str, int]:
    """Give after how many failures each rule's breaker opens."""
    rules = library.load(settings(config)[0]).rules
    found = (item.rule for item in rules.compiled)
    return {rule.alert: rule.remediate.guard.breaker_failures for rule in found if rule.remediate}


def _state(one: Breaker) -> str:
    return "no such rule" if one.limit is None else "open" if one.open else "closed"


def _row(one: Breaker) -> dict[str, object]:
    return {"rule": one.rule, "target": one.target, "state": _state(one), "failures": one.failures, "opens_at": one.limit}
