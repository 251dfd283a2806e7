"""The files of a recording: one after the other, each readable by itself, none larger and all together no more than was allowed.

A file is only ever added to, frame by frame; what a killed agent left half done at its end is cut off when the next one starts.
Everything here does I/O and blocks: it is called in a thread, or by a command.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mendwatch.alerting.recording import frames
from mendwatch.alerting.recording.events import Event
from mendwatch.alerting.recording.items import RecordingError, moment, stamp
from mendwatch.alerting.recording.reading import Reader, Wanted

_Read = Callable[[int], bytes]

SUFFIX = ".readings"
#: A file is as large as this share of all room, and covers this share of the time: so much is lost when the oldest one goes.
_SHARE = 16
_LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be kept: `age` of the oldest, bytes of all files together."""

    age: timedelta
    size: int

    @property
    def file(self) -> int:
        """Bytes after which a new file begins."""
        return max(1, min(_LARGEST, self.size // _SHARE))

    @property
    def span(self) -> timedelta:
        """After so long, a new file begins."""
        return self.age / (2 * _SHARE)


class Shelf:
    """Adds to the newest file of a folder. `OSError` leaves nothing half done that the next start would not cut off."""

    def __init__(self, folder: Path, allowance: Allowance) -> None:
        self._folder = folder
        self._allowance = allowance
        self._file: int | None = None
        self._since: datetime | None = None
        self.size = 0

    def prepare(self) -> int:
        """Make the folder, and cut off what a killed agent left at the end of its file; gives how many bytes were cut."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return sum(_mend(path) for path in files(self._folder)[-1:])

    def full(self, now: datetime) -> bool:
        """Tell whether a new file should follow the one that is open."""
        if self._since is None:
            return False
        return self.size >= self._allowance.file or not timedelta(0) <= now - self._since < self._allowance.span

    def begin(self, now: datetime) -> None:
        """Begin a new file."""
        self.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = stamp(now)
        newest = max((int(path.stem) for path in files(self._folder)), default=number - 1)
        path = self._folder / f"{max(number, newest + 1):020d}{SUFFIX}"  # a clock that was set back must not mix up the order
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._since, self.size = now, 0
        self.add(frames.MAGIC)

    def add(self, data: bytes) -> None:
        """Add to the file; all of it, or an error."""
        rest = memoryview(data)
        while rest:
            if self._file is None:
                raise OSError("no file is open")
            rest = rest[os.write(self._file, rest) :]
        self.size += len(data)

    def tidy(self, now: datetime) -> int:
        """Remove the oldest files that are too old or too much; gives what the others take, in bytes."""
        found = [(path, path.stat().st_size) for path in files(self._folder)]
        total, oldest = sum(size for _, size in found), now - self._allowance.age
        for at, (path, size) in enumerate(found[:-1]):
            until = moment(int(found[at + 1][0].stem))
            if total <= self._allowance.size and until >= oldest:
                break
            path.unlink(missing_ok=True)
            total -= size
        return total

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
        self._file = self._since = None


def files(folder: Path) -> list[Path]:
    """Give the files of a recording, the oldest first; none where there is no such folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdigit())
    except OSError:
        return []


def since(path: Path) -> datetime:
    """Give when a file begins."""
    return moment(int(path.stem))


def events(path: Path, wanted: Wanted = lambda _: True) -> Iterator[Event]:
    """Give what stands in one file, up to its end or to where it is torn; of readings, those of collectors that are wanted.

    Raises:
        RecordingError: it is no recording, or what stands in it makes no sense.
    """
    reader = Reader(wanted)
    for payload, _ in _payloads(path):
        yield from reader.events(payload)


def _payloads(path: Path) -> Iterator[tuple[bytes, int]]:
    """Give each whole payload, and how far the file is whole with it."""
    try:
        with path.open("rb") as file:
            began = file.read(len(frames.MAGIC))
            if frames.MAGIC.startswith(began) and began != frames.MAGIC:
                return  # it was torn before it had begun
            if began != frames.MAGIC:
                raise RecordingError(f"{path} is no recording of readings")
            end = len(frames.MAGIC)
            while (payload := _next(file.read, path.stat().st_size - end)) is not None:
                end = file.tell()
                yield payload, end
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read: {problem.strerror}") from problem


def _next(read: _Read, left: int) -> bytes | None:
    head = read(frames.HEAD.size)
    length = frames.HEAD.unpack(head)[0] if len(head) == frames.HEAD.size else left + 1
    return frames.payload(head, read(length)) if length <= left else None


def _mend(path: Path) -> int:
    """Cut a file at its last whole frame; gives how many bytes were too many. One that has no frame is removed."""
    size, end = path.stat().st_size, 0
    with contextlib.suppress(RecordingError):
        for _, end in _payloads(path):  # noqa: B007 - the last one counts
            pass
    if not end:
        path.unlink()
    elif end < size:
        os.truncate(path, end)
    return size - end
