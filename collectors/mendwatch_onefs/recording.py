"""Writes down what a cluster answered, so that somebody without the cluster can see the same; without its secrets.

One line of JSON for each exchange: method, path, query, status, kind of body, body. Logins are left out. What is removed: the
account's password and the session's cookies wherever they stand, and the value of every field whose name says that it is a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mendwatch.clock import Clock
from mendwatch.errors import MendwatchError
from mendwatch.model.targets import Credential, Target
from mendwatch.provider import Collector
from mendwatch_onefs.logins import Ticket
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.wire import Answer, Question

#: The files of a recording.
EXCHANGES, ABOUT = "exchanges.jsonl", "about.json"
#: Stands where a secret was.
REMOVED = "REMOVED"
_SECRET_FIELD = re.compile(r"passw|passphrase|secret|token|private_key|credential|community", re.IGNORECASE)


class RecordingSession(OneFSSession):
    """A session that keeps every exchange."""

    def __init__(self, target: Target, options: OneFSOptions, credential: Credential | None, clock: Clock) -> None:
        super().__init__(target, options, credential, clock)
        self.exchanges: list[str] = []
        self._hidden = [credential.password.reveal()] if credential else []

    async def _admitted(self, question: Question) -> tuple[Ticket, Answer]:
        ticket, answer = await super()._admitted(question)
        self.exchanges.append(line_of(question, answer, [*self._hidden, ticket.session, ticket.csrf]))
        return ticket, answer


async def record(session: RecordingSession, collectors: Sequence[Collector], now: datetime, folder: Path) -> int:
    """Identify the cluster, run each collector once, and write all of it; what a collector cannot read is part of the recording.

    Raises:
        TargetError: the cluster cannot be asked at all.
    """
    identity = await session.identify()
    failed: dict[str, str] = {}
    for collector in collectors:
        try:
            await collector.collect(session, now)
        except MendwatchError as problem:
            failed[collector.spec.name] = f"{problem.code}: {problem}"
    about = {"name": identity.name, "release": identity.version, "recorded": now.isoformat(), "failed": failed}
    _write(folder, about, session.exchanges)
    return len(session.exchanges)


def _write(folder: Path, about: Mapping[str, object], lines: Sequence[str]) -> None:
    (folder / ABOUT).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")
    (folder / EXCHANGES).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def line_of(question: Question, answer: Answer, secrets: Sequence[str]) -> str:
    """Give one exchange as a line, with every secret removed."""
    kind = answer.headers.get("Content-Type", "")
    exchange = {
        "method": question.method,
        "path": question.path,
        "query": dict(question.query),
        "status": answer.status,
        "kind": kind,
        "body": _body(answer.body),
    }
    text = json.dumps(exchange, ensure_ascii=False)
    for secret in filter(None, secrets):
        text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], REMOVED).replace(json.dumps(secret)[1:-1], REMOVED)
    return text


def _body(raw: bytes) -> Any:  # noqa: ANN401 - whatever the cluster sent
    """Give JSON as it is, with its secret fields emptied, and anything else as text."""
    text = raw.decode("utf-8", "backslashreplace")
    try:
        return _scrubbed(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _scrubbed(value: Any) -> Any:  # noqa: ANN401 - whatever the cluster sent
    if isinstance(value, dict):
        return {name: REMOVED if _is_secret(name, inner) else _scrubbed(inner) for name, inner in value.items()}
    return [_scrubbed(inner) for inner in value] if isinstance(value, list) else value


def _is_secret(name: str, value: Any) -> bool:  # noqa: ANN401 - whatever the cluster sent
    """Tell whether a field holds a secret: by its name, and only where it is text; `ntoken` holds privileges."""
    return isinstance(value, str) and _SECRET_FIELD.search(name) is not None
