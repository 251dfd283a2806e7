"""What the commands print: answers on standard output, errors on standard error, colours only on a terminal."""

from __future__ import annotations

import io
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

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: A table in a pipe keeps its columns whole; nobody folds lines for a machine.
_PIPE_WIDTH = 200


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
    console.print(Text("error: ", style="bold red") + Text(message))
    if hint:
        console.print(Text("hint:  ", style="bold cyan") + Text(hint))


def as_json(value: object) -> None:
    """Print a value as JSON: dataclasses as objects, times in RFC 3339."""
    line(json.dumps(value, default=_plain, indent=2, ensure_ascii=False, sort_keys=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under headings, or one line that says why there are none. Cells are text, never markup."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        line(empty)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        grid.add_column(name, overflow="fold")
    for row in listed:
        grid.add_row(*(Text(cell) for cell in row))
    if sys.stdout.isatty():
        Console().print(grid)
        return
    page = io.StringIO()
    Console(file=page, width=_PIPE_WIDTH).print(grid)
    for row_line in page.getvalue().splitlines():
        line(row_line.rstrip())


def printable(text: str) -> str:
    r"""Make text that devices wrote safe for a terminal: control and formatting characters become `\\xNN` or `\\uNNNN`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def moment(value: datetime | None) -> str:
    """Write a time for people, in UTC, to the second."""
    return value.strftime("%Y-%m-%d %H:%M:%SZ") if value else "-"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    return printable(str(value))


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
