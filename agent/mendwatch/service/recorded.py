"""Recorded readings as a backtest wants them: of some time and targets, with enough before it that clocks and windows are full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mendwatch.alerting.recording.events import Event, Observed
from mendwatch.alerting.recording.items import RecordingError
from mendwatch.errors import UserError
from mendwatch.service import shelf

_log = structlog.get_logger(__name__)

#: How much before the beginning is lived through too: most windows and waiting times are shorter.
BEFORE = timedelta(hours=2)


def events(folder: Path, since: datetime, until: datetime, targets: Collection[str] = ()) -> Iterator[Event]:
    """Give what was recorded from some time before `since` up to `until`, of these targets (none: of all).

    A file that is damaged is left at the damage, with a line in the log, and the next one goes on.

    Raises:
        UserError: there is nothing of that time.
    """
    files = shelf.files(folder)
    first = max((at for at, path in enumerate(files) if shelf.since(path) <= since - BEFORE), default=0)
    wanted = [path for path in files[first:] if shelf.since(path) <= until]
    if not wanted:
        raise UserError(f"nothing is recorded in {folder} before {until:%Y-%m-%d %H:%M:%SZ}", hint=_hint(files))
    return _of(wanted, _chooser(until, targets))


def _hint(files: list[Path]) -> str:
    if files:
        return f"The record begins at {shelf.since(files[0]):%Y-%m-%d %H:%M:%SZ}; ask for a later time."
    return "The agent records where `history.readings.disk_mib` is not 0. Or ask a Prometheus: --prometheus URL."


def _chooser(until: datetime, targets: Collection[str]) -> Callable[[Event], bool]:
    def chosen(event: Event) -> bool:
        return event.at <= until and not (targets and isinstance(event, Observed) and event.poll.target.id not in targets)

    return chosen


def _of(files: list[Path], chosen: Callable[[Event], bool]) -> Iterator[Event]:
    for path in files:
        try:
            yield from filter(chosen, shelf.events(path))
        except RecordingError as problem:
            _log.warning("a part of the record is left out", file=path.name, reason=str(problem), hint=problem.hint)
