"""Replaces a configuration in one move, with a password beside it: both are there afterwards, or neither.

Whoever may read and write the file may so afterwards: owner, group and mode stay. Two who add at once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mendwatch.errors import UserError


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """A new file that holds a password alone."""

    path: Path
    password: str = ""

    def __repr__(self) -> str:
        return f"PasswordFile({self.path})"


def text_of(path: Path) -> str:
    """Give a file's text with its own line ends."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def save(path: Path, change: Callable[[str], str], password: PasswordFile | None = None) -> None:
    """Replace the text of `path` by what `change` makes of it; `path` is a file itself, no link to one.

    Raises:
        UserError: something cannot be written; nothing was changed.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _alone(path.parent), _undone() as made:
            like, changed = path.stat(), change(text_of(path))
            # The password first, so that the configuration never names a file that is not there.
            if password is not None:
                made(password.path, f"{password.password}\n", like, 0o600)
            made(beside, changed, like, like.st_mode & 0o7777)
            beside.replace(path)
    except OSError as problem:
        hint = "Check the permissions of the folder; a file of somebody else can only be changed by its owner or by root."
        raise UserError(f"{problem.filename or path} cannot be written: {problem.strerror}", hint=hint) from problem


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others who save in this folder waiting, where its file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _undone() -> Iterator[Callable[[Path, str, os.stat_result, int], None]]:
    """Give what makes files; when the block fails, they are removed."""
    paths: list[Path] = []

    def made(path: Path, text: str, like: os.stat_result, mode: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        paths.append(path)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            _resemble(descriptor, like, mode)
            file.write(text)
            file.flush()
            os.fsync(descriptor)

    try:
        yield made
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def _resemble(descriptor: int, like: os.stat_result, mode: int) -> None:
    """Give a new file the owner and group of another, and a mode, whatever the process' own are."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, mode)
