"""`mendwatch silence`: for a while, alerts call nobody and mend nothing. They are seen and kept as always."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mendwatch.alerting import maintenance, silencing
from mendwatch.alerting.maintenance import Window
from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, settings, with_store
from mendwatch.clock import SystemClock
from mendwatch.config.durations import parse_duration
from mendwatch.errors import UserError
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.model.text import count
from mendwatch.store.interface import Store

MatchersArgument = Annotated[
    list[str], typer.Argument(help="Matchers, all of which must match: cluster=prod-1, path=~'/ifs/scratch/.*', alertname=Full.")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Silence alerts for a while: nobody is called, nothing is mended.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_silences)
    group.command("expire")(expire)
    app.add_typer(group, name="silence")


def add(
    matchers: MatchersArgument,
    comment: Annotated[str, typer.Option(help="Why: for those who wonder later.")],
    lasting: Annotated[str | None, typer.Option("--for", help="How long, such as 2h.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="When it ends, such as 2030-01-31T22:00 (local).", show_default=False)] = None,
    config: ConfigOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would silence now, and make nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a silence in your name, from now on, and show which alerts it covers. The running agent notices it in a second."""
    silencing.parsed(matchers)
    now = SystemClock().now()
    new = NewSilence(tuple(matchers), now, _end(lasting, until, now), person().name, comment)

    async def work(store: Store) -> tuple[Silence | None, list[Alert]]:
        made = None if dry_run else await store.silences.add(new, actor=person().actor)
        return made, covered(new.matchers, await store.alerts.load())

    made, alerts = with_store(config, work)
    if json:
        output.as_json({"silence": made, "alerts": alerts})
        return
    output.table(
        ("ALERT", "STATE", "TARGET", "SUBJECT"),
        ((alert.rule, alert.state, alert.target, _subject(alert)) for alert in alerts),
        empty="no alert is up that this matches",
    )
    if made is None:
        output.line(f"{count(len(alerts), 'alert')} would be silenced now; nothing was made (--dry-run)")
    else:
        output.line(f"{made.id}: {count(len(alerts), 'alert')} silenced until {output.moment(made.ends_at)}")


def list_silences(
    config: ConfigOption = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: JsonOption = False,
) -> None:
    """List silences, and the maintenance windows of the configuration."""
    now = SystemClock().now()

    async def work(store: Store) -> Sequence[Silence]:
        return await store.silences.list(after=None if every else now)

    silences, windows = with_store(config, work), _windows(config)
    if json:
        found = [{"name": window.name, "matchers": window.matchers, "holds": maintenance.holds(window, now)} for window in windows]
        output.as_json({"silences": silences, "maintenance": found})
        return
    rows = [*(_row(one, now) for one in silences), *(_window_row(one, now) for one in windows)]
    output.table(("ID", "STATE", "FROM", "UNTIL", "AUTHOR", "MATCHERS", "COMMENT"), rows, empty="no silences")


def expire(
    silence: Annotated[str, typer.Argument(help="The silence's id.")], config: ConfigOption = None, *, json: JsonOption = False
) -> None:
    """End a silence now. What goes on is told and offered again."""

    async def work(store: Store) -> Silence:
        return await store.silences.expire(silence, actor=person().actor)

    ended = with_store(config, work)
    if json:
        output.as_json(ended)
        return
    output.line(f"{ended.id} ended at {output.moment(ended.ends_at)}")


def covered(matchers: Sequence[str], alerts: Sequence[Alert]) -> list[Alert]:
    """Give the alerts that matchers cover."""
    wanted = silencing.parsed(matchers)
    active = [alert for alert in alerts if alert.state is not AlertState.INACTIVE]
    return [alert for alert in active if all(one.matches(silencing.labels_of(alert)) for one in wanted)]


def standing(silence: Silence, now: datetime) -> str:
    """Say how a silence stands, in Alertmanager's words."""
    if silence.ends_at <= now:
        return "expired"
    return "active" if silence.starts_at <= now else "pending"


def _windows(config: Path | None) -> tuple[Window, ...]:
    return maintenance.of_settings(settings(config)[0].maintenance)


def _row(one: Silence, now: datetime) -> tuple[object, ...]:
    return one.id, standing(one, now), one.starts_at, one.ends_at, one.author, " ".join(one.matchers), one.comment


def _window_row(one: Window, now: datetime) -> tuple[object, ...]:
    state = "active" if maintenance.holds(one, now) else "maintenance"
    return one.name, state, None, None, one.author or None, " ".join(one.matchers), one.comment


def _end(lasting: str | None, until: str | None, begins: datetime) -> datetime:
    if (lasting is None) == (until is None):
        raise UserError("a silence needs an end", hint="Give --for 2h, or --until 2030-01-31T22:00.")
    if until is not None:
        return _moment(until)
    try:
        return begins + _positive(parse_duration(lasting))
    except ValueError as problem:
        raise UserError(f"--for: {problem}", hint="Write 30m, 2h or 7d.") from problem


def _positive(span: timedelta) -> timedelta:
    if not span:
        message = "a silence of no time silences nothing"
        raise ValueError(message)
    return span


def _moment(text: str) -> datetime:
    """Read a time; one without a zone is a local one."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError) as problem:
        raise UserError(f"--until: {text!r} is no time", hint="Write 2030-01-31T22:00, or 2030-01-31T22:00+01:00.") from problem


def _subject(alert: Alert) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(alert.key.items()))
