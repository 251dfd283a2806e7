"""Whose folder it is: run directories lie where every user may write (/dev/shm), and who owns a folder owns what is in it.

A folder of another user could hold a playbook's settings of his, or tell an end that never was.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mendwatch.errors import ExecutionError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def require(folder: Path) -> None:
    """Pass if nobody but us (and root) can put something in the place of what lies in a folder.

    Raises:
        ExecutionError: it belongs to somebody else, or others may write there.
        OSError: it cannot be looked at.
    """
    ours = {os.getuid(), 0}
    followed = folder.stat()
    trusted = folder.lstat().st_uid in ours and followed.st_uid in ours
    open_to_others = followed.st_mode & _OTHERS_WRITE and not followed.st_mode & stat.S_ISVTX
    if not trusted or open_to_others:
        raise ExecutionError(
            f"{folder} is not a folder of this agent alone.",
            hint="Ask who made it and remove it, or name another one as `runs.directory`.",
        )
