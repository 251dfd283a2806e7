"""`mendwatch audit`: is the record whole, and what does it say."""

from __future__ import annotations

import csv
import json as jsonlib
import sys
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, with_store
from mendwatch.model.audits import AuditEntry, ChainVerdict
from mendwatch.store.interface import Store


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Verify and show the audit.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("show")(show)
    group.command("export")(export)
    app.add_typer(group, name="audit")


def verify(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Recompute the chain from its first row; exit 1 if a row was changed, moved, removed or forged."""

    async def work(store: Store) -> ChainVerdict:
        return await store.audit.verify()

    verdict = with_store(config, work)
    if json:
        output.as_json(verdict)
    elif verdict.fault is None:
        output.line(f"the chain is whole: {verdict.rows} rows, head {verdict.head_seq} {verdict.head_mac[:16]}")
    else:
        output.error(f"the chain is broken: {verdict.fault}", "Keep this database as it is, and compare it with a backup.")
    if verdict.fault is not None:
        raise typer.Exit(1)


def show(
    subject: Annotated[str | None, typer.Option(help="Only rows about this run, token or target.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many rows, the newest.")] = 100,
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show who did what to which thing, oldest first."""

    async def work(store: Store) -> list[AuditEntry]:
        entries: list[AuditEntry] = []
        while page := await store.audit.entries(after=entries[-1].seq if entries else 0, subject=subject, limit=1000):
            entries.extend(page)
        return entries[-limit:]

    entries = with_store(config, work)
    if json:
        output.as_json(entries)
        return
    output.table(
        ("SEQ", "AT", "ACTOR", "WHAT", "SUBJECT", "DETAIL"),
        ((e.seq, e.at, e.actor, e.what, e.subject, jsonlib.dumps(dict(e.detail), ensure_ascii=False)) for e in entries),
        empty="no audit rows",
    )


class Form(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    form: Annotated[Form, typer.Option("--format", help="JSON Lines, or CSV for a spreadsheet.")] = Form.JSONL,
    after: Annotated[int, typer.Option(min=0, help="Only rows after this one.")] = 0,
    config: ConfigOption = None,
) -> None:
    """Write the audit to standard output, row by row, with every row's MAC.

    In CSV, text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    write = _csv() if form is Form.CSV else _jsonl

    async def work(store: Store) -> None:
        last = after
        while page := await store.audit.entries(after=last, limit=1000):
            for entry in page:
                write(entry)
            last = page[-1].seq

    with_store(config, work)


def _jsonl(entry: AuditEntry) -> None:
    fields = {**asdict(entry), "at": entry.at.isoformat()}
    sys.stdout.write(jsonlib.dumps(fields, separators=(",", ":")) + "\n")


def _csv() -> Callable[[AuditEntry], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("seq", "at", "actor", "what", "subject", "detail", "mac"))

    def write(entry: AuditEntry) -> None:
        detail = jsonlib.dumps(dict(entry.detail))
        cells = (entry.actor, entry.what, entry.subject, detail, entry.mac)
        writer.writerow((entry.seq, entry.at.isoformat(), *map(_harmless, cells)))

    return write


def _harmless(cell: str) -> str:
    """Give a cell that no program takes for a formula, and that can be written whatever is in it."""
    text = cell.encode("utf-8", "backslashreplace").decode()
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
