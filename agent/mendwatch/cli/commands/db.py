"""`mendwatch db`: bring the state database up to date, or move it to another one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, settings
from mendwatch.clock import SystemClock
from mendwatch.config import secrets
from mendwatch.config.settings import Settings
from mendwatch.errors import Refused, UserError
from mendwatch.model.text import count
from mendwatch.service.state import ADDRESS, audit_key, password_of
from mendwatch.store import copying, sql
from mendwatch.store.copying import Copied, Place


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Upgrade the state database, or copy it to another one.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    group.command("copy")(copy)
    app.add_typer(group, name="db")


def upgrade(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the steps and their SQL; change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring the tables up to this release.

    A SQLite file is upgraded by whoever opens it; PostgreSQL only here, because other agents may still be of the older release.
    """
    loaded, _ = settings(config)
    found = asyncio.run(sql.upgrade_of(loaded.state_url, key=audit_key(loaded), password=password_of(loaded), dry=dry_run))
    if json:
        output.as_json({**asdict(found), "changed": bool(found.steps) and not dry_run})
        return
    if not found.steps:
        output.line(f"the state database is up to date (version {found.after})")
        return
    output.line(f"{'would upgrade' if dry_run else 'upgraded'} from version {found.before} to {found.after}:")
    for step in found.steps:
        output.line(f"  {step}")
    if dry_run and found.sql:
        output.line(found.sql)


def copy(
    to: Annotated[str, typer.Option("--to", help="URL of an empty database, such as postgresql://mendwatch@db/mendwatch.")],
    password: Annotated[
        str | None, typer.Option(help="Where its password is: `file:PATH` or `${ENV}`.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Copy the whole state to another, empty database, then check every row and the audit chain there.

    Stop the agent first. Afterwards name the new database as `state`; the audit key stays where it is.
    """
    loaded, _ = settings(config)
    _refuse_while_running(loaded)
    source, target = Place(loaded.state_url, password_of(loaded)), Place(to, _password(password))
    with _progress(shown=sys.stderr.isatty() and not json) as progress:
        copied = asyncio.run(copying.copy(source, target, key=audit_key(loaded), clock=SystemClock(), progress=progress))
    _tell(copied, json=json)


def _tell(copied: Copied, *, json: bool) -> None:
    if json:
        output.as_json({"rows": dict(copied.rows), "chain": copied.chain})
    else:
        rows = ", ".join(f"{name} {rows}" for name, rows in copied.rows.items())
        output.line(f"copied {count(sum(copied.rows.values()), 'row')}: {rows}")
        if copied.chain.fault is None:
            output.line(
                f"the chain is whole: {count(copied.chain.rows, 'row')}, head {copied.chain.head_seq} {copied.chain.head_mac[:16]}"
            )
        else:
            output.error(f"the chain was broken before, and is copied as it was: {copied.chain.fault}")
    if copied.chain.fault is not None:
        raise typer.Exit(1)


def _refuse_while_running(loaded: Settings) -> None:
    """An agent that stops takes its address away; after a crash the file is left, and a start and a stop clear it."""
    if (loaded.state_dir / ADDRESS).exists():
        raise Refused(
            "an agent runs on this state, or ended without cleaning up",
            hint=f"Stop it first. If none runs, remove {loaded.state_dir / ADDRESS}.",
        )


def _password(reference: str | None) -> str | None:
    if reference is None:
        return None
    if not secrets.is_reference(reference):
        raise UserError(
            "a password on the command line can be read by everybody on this machine", hint="Give file:PATH or '${ENV}'."
        )
    return secrets.resolve(reference, Path()).reveal()


@contextmanager
def _progress(*, shown: bool) -> Iterator[copying.Progress]:
    """Give what draws a bar for each table, on a terminal."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bars:
        tasks = {}

        def draw(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bars.add_task(table, total=total)
            bars.update(tasks[table], completed=done)

        yield draw
