"""`mendwatch runs`: what waits for a decision, what was done, and the decision itself."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, settings, with_store
from mendwatch.cli.texts import approval_text, command, report_text
from mendwatch.errors import UserError
from mendwatch.model.runs import OPEN, Run, RunState
from mendwatch.store.interface import Store

RunArgument = Annotated[str, typer.Argument(help="The run's id, or the first characters of it.")]
HashOption = Annotated[str | None, typer.Option("--hash", help="The plan hash you read; needed where nobody can be asked.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it stands in the audit.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needs --hash.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="List, show and decide runs.", no_args_is_help=True)
    group.command("list")(list_runs)
    group.command("show")(show)
    group.command("approve")(approve)
    group.command("deny")(deny)
    group.command("cancel")(cancel)
    app.add_typer(group, name="runs")


def list_runs(
    state: Annotated[list[RunState] | None, typer.Option(help="Only runs in this state; may be given again.")] = None,
    target: Annotated[str | None, typer.Option(help="Only runs on this target.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    config: ConfigOption = None,
    *,
    waiting: Annotated[bool, typer.Option("--open", help="Only runs that are not over.")] = False,
    json: JsonOption = False,
) -> None:
    """List runs, newest first."""
    states = OPEN if waiting else state

    async def work(store: Store) -> list[Run]:
        return list(await store.runs.list(states=states, target=target, limit=limit))

    found = with_store(config, work)
    if json:
        output.as_json(found)
        return
    output.table(
        ("RUN", "STATE", "TARGET", "REMEDIATION", "RULE", "CREATED", "NOTE"),
        ((r.id, r.state, r.target, r.remediation, r.rule, r.created_at, r.note) for r in found),
        empty="no runs",
    )


def show(run: RunArgument, config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Show one run: its plan as before and after, the decisions, and what came of it."""
    found = with_store(config, lambda store: store.runs.get(run))
    if json:
        output.as_json(found)
        return
    loaded, _ = settings(config)
    text = approval_text if found.state is RunState.PENDING else report_text
    output.line(text(loaded, found, config))


def approve(
    run: RunArgument,
    plan_hash: HashOption = None,
    reason: ReasonOption = "",
    config: ConfigOption = None,
    *,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Approve the plan of a run: exactly the plan that has this hash, and nothing else."""

    async def work(store: Store) -> Run:
        found = await store.runs.get(run)
        agreed = _agreed_hash(found, plan_hash, config, ask=sys.stdin.isatty() and not json, yes=yes)
        return await store.runs.decide(found.id, plan_hash=agreed, verdict="approve", principal=person(), reason=reason)

    decided = with_store(config, work)
    if json:
        output.as_json(decided)
        return
    output.line(f"{decided.id} is {decided.state}; follow it with: {command(f'runs show {decided.id}', config)}")


def deny(run: RunArgument, reason: ReasonOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Deny a run; nothing is changed on the target."""
    _print(_decided(run, "deny", reason, config), json=json)


def cancel(run: RunArgument, reason: ReasonOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Take back a run that has not started."""
    _print(_decided(run, "cancel", reason, config), json=json)


def _decided(run: str, verdict: str, reason: str, config: ConfigOption) -> Run:
    async def work(store: Store) -> Run:
        found = await store.runs.get(run)
        return await store.runs.decide(found.id, plan_hash=found.plan_hash, verdict=verdict, principal=person(), reason=reason)

    return with_store(config, work)


def _print(decided: Run, *, json: bool) -> None:
    if json:
        output.as_json(decided)
    else:
        output.line(f"{decided.id} is {decided.state}")


def _agreed_hash(run: Run, given: str | None, config: ConfigOption, *, ask: bool, yes: bool) -> str | None:
    """Give the hash that the person agreed to: what was given, or what is shown and confirmed now."""
    if given is not None and (yes or not ask):
        return given
    if not ask:
        raise UserError("nobody can be asked here", hint="Give the hash of the plan you read: --hash HASH.")
    loaded, _ = settings(config)
    output.line(approval_text(loaded, run, config))
    typer.confirm("Approve this plan?", abort=True)
    return given if given is not None else run.plan_hash
