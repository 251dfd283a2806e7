"""Whether files were changed since they were last read; cheap enough to be asked for every request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class Marks:
    """Tells of some files when one of them is another than it was."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(files)
        self._seen = self._now()

    def changed(self) -> bool:
        """Tell whether something changed since this was last asked, or since the beginning."""
        before, self._seen = self._seen, self._now()
        return self._seen != before

    def _now(self) -> tuple[tuple[int, ...], ...]:
        return tuple(map(_mark, self._files))


def _mark(file: Path) -> tuple[int, ...]:
    """Give what tells one state of a file from another; nothing where there is none. A link counts as what it leads to."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
