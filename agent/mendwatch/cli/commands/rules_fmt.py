"""`mendwatch rules fmt`: rule files written the one way, with their comments and their meaning kept."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mendwatch.alerting import formatting, loading
from mendwatch.cli import output, saving
from mendwatch.config.documents import Fault
from mendwatch.errors import ContentError, UserError
from mendwatch.model.text import count

_HINT = "Name a file of rules, or a folder that holds some."

PathsArgument = Annotated[list[Path], typer.Argument(help="Files or folders of rules.", show_default=False)]


def fmt(
    paths: PathsArgument,
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a file is written another way.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Change nothing; print what would change, and exit 1 if anything would.")
    ] = False,
) -> None:
    """Put rule files in order: keys, durations, quotes and blank lines. Comments and meaning stay, or the file is left alone."""
    changed, refused = [], []
    for path in _files(paths):
        try:
            if _put_in_order(path, write=not (check or diff), diff=diff):
                changed.append(path)
        except ContentError as problem:
            refused.append(problem)
    for one in refused:
        output.error(str(one), one.hint)
    for path in () if diff else changed:
        output.line(f"{'would change' if check else 'changed'}  {path}")
    output.remark(f"{count(len(changed), 'file')} {'would change' if check or diff else 'changed'}, {len(refused)} left alone")
    if refused or (changed and (check or diff)):
        raise typer.Exit(1)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        files = loading.files_in(path)
        if files is None:
            raise UserError(f"{path}: there is no such file or folder", hint=_HINT)
        found.extend(files)
    return list(dict.fromkeys(file.resolve() if file.is_symlink() else file for file in found))


def _put_in_order(path: Path, *, write: bool, diff: bool) -> bool:
    """Put one file in order; tells whether anything changed, or would."""
    before = _text(path)
    after = formatting.formatted(before, str(path))
    if after == before:
        return False
    if diff:
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), f"{path} in order", lineterm="")
        output.line("\n".join(lines))
    if write:
        saving.save(path, lambda text: formatting.formatted(text, str(path)))
    return True


def _text(path: Path) -> str:
    try:
        return saving.text_of(path)
    except (OSError, UnicodeDecodeError) as problem:
        raise ContentError(str(Fault(f"{path}:1:1", f"cannot be read: {problem}")), hint="Check its permissions.") from problem
