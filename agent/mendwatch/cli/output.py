"""What the commands print: answers on standard output, errors on standard error, colours only on a terminal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mendwatch.errors import MendwatchError
from mendwatch.model.text import count, escaped


def version() -> str:
    """Give the name and version of this program."""
    return f"mendwatch {metadata.version('mendwatch')}"


def command() -> str:
    """Give how this program is called from here: by its name where that finds it, else by its path."""
    found = shutil.which("mendwatch")
    here = Path(sys.argv[0]).resolve()
    return "mendwatch" if found and Path(found).resolve() == here else str(here)


def line(text: str = "") -> None:
    """Print one plain line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def error(message: str, hint: str | None = None) -> None:
    """Print an error and what to do about it."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text("error: ", style="bold red") + Text(_lines(message)))
    if hint:
        console.print(Text("hint:  ", style="bold cyan") + Text(_lines(hint)))


def remark(text: str) -> None:
    """Print a line beside the answer, on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(_lines(text), style="dim"))


def failure(problem: MendwatchError, *, json: bool) -> None:
    """Tell how a command failed: for people on standard error, fault by fault; for a script as JSON on standard output."""
    if json:
        faults = [{"where": fault.where, "message": fault.message, "hint": fault.hint} for fault in problem.faults]
        as_json({"error": str(problem), "hint": problem.hint, "faults": faults})
    elif not problem.faults:
        error(str(problem), problem.hint)
    elif len(problem.faults) == 1:
        error(f"{problem.faults[0].where}: {problem.faults[0].message}", problem.faults[0].hint or problem.hint)
    else:
        for fault in problem.faults:
            error(f"{fault.where}: {fault.message}" + (f" ({fault.hint})" if fault.hint else ""))
        Console(stderr=True, highlight=False).print(count(len(problem.faults), "fault"))


def as_json(value: object) -> None:
    """Print a value as JSON: dataclasses as objects, times in RFC 3339."""
    line(json.dumps(value, default=_plain, indent=2, ensure_ascii=False, sort_keys=False))


def graded(grade: str, text: str) -> None:
    """Print one line that begins with a grade, in its colour on a terminal."""
    style = {"ok": "green", "warning": "yellow", "failed": "bold red"}.get(grade, "dim")
    Console(highlight=False, soft_wrap=True).print(Text(f"  {grade:<8}  ", style=style) + Text(escaped(text)))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under headings, or one line that says why there are none. Cells are text, never markup."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        line(empty)
        return
    if sys.stdout.isatty():
        _print_grid(columns, listed)
        return
    for text in _plain_lines([list(columns), *listed]):
        line(text)


def moment(value: datetime | None) -> str:
    """Write a time for people, in UTC, to the second."""
    return value.strftime("%Y-%m-%d %H:%M:%SZ") if value else "-"


def _print_grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as wide as the terminal is."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        grid.add_column(name, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    Console().print(grid)


def _plain_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Give each row as one line, however long: nobody folds lines for a machine."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def _lines(text: str) -> str:
    return "\n".join(map(escaped, text.split("\n")))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    return escaped(str(value))


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever JSON does not know
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    if hasattr(value, "items"):
        return dict(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
