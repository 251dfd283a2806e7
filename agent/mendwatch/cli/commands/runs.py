"""`mendwatch runs`: what waits for a decision, what was done, and the decision itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, settings, with_store
from mendwatch.cli.texts import approval_text, command, report_text
from mendwatch.errors import Refused, UserError
from mendwatch.model.runs import OPEN, Run, RunState
from mendwatch.remediation import alike
from mendwatch.store.interface import Edit, Store

RunArgument = Annotated[str, typer.Argument(help="The run's id, or the first characters of it.")]
HashOption = Annotated[str | None, typer.Option("--hash", help="The plan hash you read; needed where nobody can be asked.")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why not; somebody will ask. It stands in the audit.")]
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
    group.command("edit")(edit)
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
    run: Annotated[
        list[str], typer.Argument(help="The run's id, or the first characters of it; several where their plans are equal.")
    ],
    plan_hash: HashOption = None,
    reason: ReasonOption = "",
    config: ConfigOption = None,
    *,
    acting_for: Annotated[str, typer.Option("--for", help="Decide for this person, whose deputy you are now.")] = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Approve the plan of a run: exactly the plan that has this hash, and nothing else.

    Several runs are approved by one word where their plans are equal but for where they are carried out.
    """
    who = replace(person(), acting_for=acting_for)

    async def work(store: Store) -> list[Run]:
        found = [await store.runs.get(one) for one in dict.fromkeys(run)]
        if len(found) > 1:
            _must_be_alike(found, plan_hash)
        agreed = _agreed_hash(found, plan_hash, config, ask=sys.stdin.isatty() and not json, yes=yes)
        hashes = [agreed, *(one.plan_hash for one in found[1:])]
        return [
            await store.runs.decide(one.id, plan_hash=sha256, verdict="approve", principal=who, reason=reason)
            for one, sha256 in zip(found, hashes, strict=True)
        ]

    decided = with_store(config, work)
    if json:
        output.as_json(decided if len(decided) > 1 else decided[0])
        return
    for one in decided:
        output.line(f"{one.id} is {one.state}; follow it with: {command(f'runs show {one.id}', config)}")


def deny(run: RunArgument, reason: WhyOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Deny a run; nothing is changed on the target."""
    _print(_decided(run, "deny", reason, config), json=json)


def cancel(run: RunArgument, reason: ReasonOption = "", config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Take back a run that has not started."""
    _print(_decided(run, "cancel", reason, config), json=json)


def edit(
    run: RunArgument,
    values: Annotated[
        list[str], typer.Option("--set", help="A value to lower, such as new_hard_limit_bytes=1000; may be given again.")
    ],
    plan_hash: HashOption = None,
    reason: ReasonOption = "",
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Ask for less than a pending run would do: one with a lower value takes its place, for somebody else to approve."""
    wanted = dict(map(_lower, values))

    async def work(store: Store) -> Run:
        found = await store.runs.get(run)
        return await store.runs.edit(found.id, Edit(wanted, plan_hash or found.plan_hash, person(), reason))

    made = with_store(config, work)
    if json:
        output.as_json(made)
    else:
        output.line(f"{made.id} takes its place and is being planned; see: {command(f'runs show {made.id}', config)}")


def _lower(text: str) -> tuple[str, int | float]:
    name, _, value = text.partition("=")
    for kind in (int, float):
        try:
            return name.strip(), kind(value)
        except ValueError:
            continue
    raise UserError(f"--set {text!r} is no NAME=NUMBER", hint="Write --set new_hard_limit_bytes=1000.")


def _must_be_alike(runs: Sequence[Run], plan_hash: str | None) -> None:
    if plan_hash is not None:
        raise UserError("one hash is the hash of one plan", hint="Approve one run with --hash, or several without.")
    other = alike.different(runs)
    if other is not None:
        hint = f"Approve it by itself: mendwatch runs approve {other.id}"
        raise Refused(f"the plan of {other.id} is not equal to that of {runs[0].id}", hint=hint)


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


def _agreed_hash(runs: Sequence[Run], given: str | None, config: ConfigOption, *, ask: bool, yes: bool) -> str | None:
    """Give the hash that the person agreed to: what was given, or what is shown and confirmed now."""
    if given is not None and (yes or not ask):
        return given
    if not ask:
        raise UserError("nobody can be asked here", hint="Give the hash of the plan you read: --hash HASH.")
    loaded, _ = settings(config)
    output.line(approval_text(loaded, runs[0], config))
    for other in runs[1:]:
        output.line(
            f"the same on {other.target}: {', '.join(f'{name}={value}' for name, value in other.subject.items())} ({other.id})"
        )
    typer.confirm("Approve this plan?" if len(runs) == 1 else f"Approve these {len(runs)} equal plans?", abort=True)
    return given if given is not None else runs[0].plan_hash
