"""What the worker writes into the run directory and the agent reads back: events and the result, as JSON.

Both sides may be different starts of the agent, so what is read is checked, not trusted to be complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from mendwatch.errors import ExecutionError
from mendwatch.model.runs import Change
from mendwatch.playbooks.interface import Ending, Result, TaskEvent


def event_line(event: TaskEvent) -> bytes:
    """Give one line of events.jsonl."""
    return json.dumps({**asdict(event), "at": event.at.isoformat()}).encode() + b"\n"


def read_event(line: bytes) -> TaskEvent:
    """Read one line of events.jsonl."""
    fields = json.loads(line)
    return TaskEvent(**{**fields, "at": datetime.fromisoformat(fields["at"])})


def result_text(result: Result) -> str:
    """Give the content of result.json."""
    times = {name: _text(getattr(result, name)) for name in ("started_at", "first_task_at", "ended_at")}
    return json.dumps({**asdict(result), **times})


def read_result(text: str) -> Result:
    """Read result.json.

    Raises:
        ExecutionError: it is not what a worker of this version writes.
    """
    try:
        fields = json.loads(text)
        return Result(
            ending=Ending(fields["ending"]),
            rc=fields["rc"],
            outcome=_mapping(fields["outcome"]),
            changes=tuple(Change(**change) for change in fields["changes"]),
            message=str(fields["message"]),
            started_at=_time(fields["started_at"]),
            first_task_at=_time(fields["first_task_at"]),
            ended_at=_time(fields["ended_at"]),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise ExecutionError("The result of a phase cannot be read.", hint="Was it written by another version?") from problem


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an outcome is a mapping")
    return value


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
