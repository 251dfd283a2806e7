"""Where a SQLite database lies: its folder and its file, readable by nobody else from the first moment on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mendwatch.errors import StoreError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def prepare(path: Path) -> None:
    """Make the folder (0700) and an empty file (0600) where there are none; close a file that others could open.

    SQLite gives its journal files the mode of the database file. A folder that was there before stays as it is: it may be shared.

    Raises:
        StoreError: the file cannot be made, or is not ours.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & _OTHERS:
            path.chmod(0o600)
    except OSError as problem:
        raise StoreError(f"the state database {path} cannot be opened: {problem.strerror}") from problem
