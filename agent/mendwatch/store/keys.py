"""The key of the audit chain: a file outside the database, so that who can write the database cannot forge the chain."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from mendwatch.errors import StoreError

KEY_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_or_create(path: Path) -> bytes:
    """Give the key of a file, which is made with 32 random bytes (mode 0600, its folder 0700) where there is none.

    Two processes that start at once get the same key.

    Raises:
        StoreError: others may read the file, it is no key, or it cannot be read or made.
    """
    try:
        if not path.exists():
            _create(path)
        return _load(path)
    except OSError as problem:
        raise StoreError(
            f"the audit key {path} cannot be read or made: {problem.strerror}", hint="Check who owns the folder, and its mode."
        ) from problem


def _create(path: Path) -> None:
    """Publish a whole key under its name at once: a link fails where another process was first, and its key stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        _publish(draft, path)
    finally:
        draft.unlink()


def _publish(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        key = file.read(KEY_BYTES + 1)
    if mode & _OTHERS:
        raise StoreError(
            f"the audit key {path} may be read by others (mode {stat.S_IMODE(mode):04o})",
            hint=f"Ask who read it, then: chmod 0600 {path}",
        )
    if len(key) != KEY_BYTES:
        raise StoreError(f"{path} is no audit key: it does not hold {KEY_BYTES} bytes", hint="Restore the file from a backup.")
    return key
