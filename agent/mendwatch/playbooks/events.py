"""What ansible-runner's events mean: what a person follows, what changed, and what the playbook said at its end.

Pure functions over the raw events, and one recorder that adds them up. Everything here is redacted by the recorder
before anybody else sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mendwatch.model.runs import Change
from mendwatch.playbooks.interface import TaskEvent
from mendwatch.playbooks.redaction import Redactor

#: The longest message that is kept: enough for a sentence and an address, too short for a page of HTML.
LONGEST_MESSAGE = 500

Raw = Mapping[str, Any]

_TOLD = {
    "playbook_on_play_start": "",
    "playbook_on_task_start": "",
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "failed",
    "runner_on_skipped": "skipped",
    "playbook_on_stats": "",
}
#: What ansible-core puts before a module's own words.
_PREFIX = re.compile(r"\A(?:Task failed: )?(?:Module failed: |Action failed: )?")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(slots=True)
class Recorder:
    """Takes every event of one playbook; `tell` gets each that a person follows, numbered from 1 without gaps."""

    redactor: Redactor
    tell: Callable[[TaskEvent], None]
    changes: list[Change] = field(default_factory=list)
    outcome: dict[str, object] = field(default_factory=dict)
    stats: dict[str, int] | None = None
    failure: str = ""
    complaints: list[str] = field(default_factory=list)
    first_task_at: datetime | None = None
    _counter: int = 0

    def take(self, raw: Raw) -> None:
        """Add one event."""
        name = str(raw.get("event", ""))
        if name not in _TOLD:
            self._complain(name, raw)
            return
        if name == "playbook_on_task_start" and self.first_task_at is None:
            self.first_task_at = _time(raw)
        if name == "playbook_on_stats":
            self._finish(raw)
        self.changes.extend(self._redacted(change) for change in changes(raw))
        self._tell(name, raw)

    def _tell(self, name: str, raw: Raw) -> None:
        self._counter += 1
        status, message = _TOLD[name], self.redactor.text(_message(raw))[:LONGEST_MESSAGE]
        if status == "failed":
            status = "ignored" if _data(raw).get("ignore_errors") else "failed"
            self.failure = message if status == "failed" else self.failure
        if status == "ok":
            status, message = ("changed" if _result(raw).get("changed") else "ok"), ""
        task = self.redactor.text(str(_data(raw).get("task", "")))
        self.tell(TaskEvent(self._counter, _time(raw), name, task, status, message))

    def _finish(self, raw: Raw) -> None:
        data = _data(raw)
        self.stats = {name: sum((data.get(name) or {}).values()) for name in ("ok", "changed", "failures", "dark", "rescued")}
        outcome = self.redactor.value(data.get("artifact_data") or {})
        self.outcome = outcome if isinstance(outcome, dict) else {}
        if isinstance(words := self.outcome.get("message"), str):
            self.outcome["message"] = _PREFIX.sub("", words)

    def _complain(self, name: str, raw: Raw) -> None:
        text = _COLOURS.sub("", str(raw.get("stdout") or "")).strip()
        if text and not name.startswith(("playbook_on_", "runner_")):
            self.complaints.append(self.redactor.text(text))

    def _redacted(self, change: Change) -> Change:
        text = self.redactor.text
        return Change(text(change.subject), text(change.before), text(change.after))


def changes(raw: Raw) -> Iterator[Change]:
    """Give what one successful task changed, or would change in check mode, in the order of its diffs."""
    if raw.get("event") != "runner_on_ok":
        return
    result = _result(raw)
    for one in [result, *(item for item in result.get("results") or [] if isinstance(item, Mapping))]:
        yield from _differences(one.get("diff"), str(_data(raw).get("task", "")))


def _differences(diff: object, task: str) -> Iterator[Change]:
    for one in diff if isinstance(diff, list) else [diff]:
        if isinstance(one, Mapping) and one.get("before") != one.get("after"):
            subject = one.get("after_header") or one.get("before_header") or task
            yield Change(str(subject), _lines(one.get("before")), _lines(one.get("after")))


def _lines(side: object) -> str:
    """Give one side of a diff as text, one line per attribute."""
    if side is None:
        return ""
    if isinstance(side, Mapping):
        return "\n".join(f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in side.items())
    return str(side).rstrip("\n")


def _message(raw: Raw) -> str:
    message = _result(raw).get("msg", "")
    return _PREFIX.sub("", message) if isinstance(message, str) else json.dumps(message)


def _data(raw: Raw) -> Raw:
    data = raw.get("event_data")
    return data if isinstance(data, Mapping) else {}


def _result(raw: Raw) -> Raw:
    result = _data(raw).get("res")
    return result if isinstance(result, Mapping) else {}


def _time(raw: Raw) -> datetime:
    return datetime.fromisoformat(str(raw["created"]))
