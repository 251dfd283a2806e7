"""Writes down what a cluster answered, so that somebody without the cluster can see the same; without its secrets.

One line of JSON for each exchange: method, path, query, status, kind of body, body. Logins are left out, and headers: they are
where sessions are. What is removed of the rest is decided in `scrubbing`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mendwatch.clock import Clock
from mendwatch.errors import MendwatchError, UserError
from mendwatch.model.targets import Credential, Target
from mendwatch.provider import Collector
from mendwatch_onefs.logins import Ticket
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.scrubbing import Scrubber
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.wire import Answer, Question

#: The files of a recording.
EXCHANGES, ABOUT = "exchanges.jsonl", "about.json"
#: The form of both files; whoever reads them refuses a newer one.
FORM = 1


class RecordingSession(OneFSSession):
    """A session that keeps every exchange, and every secret that it proved itself with."""

    def __init__(self, target: Target, options: OneFSOptions, credential: Credential | None, clock: Clock) -> None:
        super().__init__(target, options, credential, clock)
        self.exchanges: list[tuple[Question, Answer]] = []
        self._hidden = set(_of_account(credential)) if credential else set()

    async def _admitted(self, question: Question) -> tuple[Ticket, Answer]:
        ticket, answer = await super()._admitted(question)
        self.exchanges.append((question, answer))
        self._hidden |= {ticket.session, ticket.csrf, *answer.cookies.values()}
        return ticket, answer

    def scrubber(self) -> Scrubber:
        """Give what takes the secrets of this session out."""
        return Scrubber(self._hidden)


async def record(session: RecordingSession, collectors: Sequence[Collector], now: datetime, folder: Path) -> int:
    """Identify the cluster, run each collector once, and write all of it; what a collector cannot read is part of the recording.

    Raises:
        TargetError: the cluster cannot be asked at all.
        UserError: the folder cannot be written.
    """
    identity = await session.identify()
    failed = {one.spec.name: reason for one in collectors if (reason := await _run(one, session, now)) is not None}
    scrubber = session.scrubber()
    about = {"form": FORM, "name": identity.name, "release": identity.version, "recorded": now.isoformat(), "failed": failed}
    lines = [line_of(question, answer, scrubber) for question, answer in session.exchanges]
    _write(folder / ABOUT, json.dumps(scrubber.value(about), indent=2) + "\n")
    _write(folder / EXCHANGES, "".join(f"{line}\n" for line in lines))
    return len(lines)


async def _run(collector: Collector, session: RecordingSession, now: datetime) -> str | None:
    """Run one collector; give why it failed, or None. A fault of the collector's own must not lose what the others read."""
    try:
        async with asyncio.timeout(collector.spec.timeout):
            await collector.collect(session, now)
    except MendwatchError as problem:
        return f"{problem.code}: {problem}"
    except TimeoutError:
        return f"unreachable: no answer within {collector.spec.timeout:g} s"
    except Exception as problem:  # noqa: BLE001 - as the docstring says
        return f"bug: {type(problem).__name__}: {problem}"
    return None


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(text)
    except OSError as problem:
        raise UserError(f"{file} cannot be written: {problem.strerror}", hint="Name another folder.") from problem


def line_of(question: Question, answer: Answer, scrubber: Scrubber) -> str:
    """Give one exchange as a line without secrets, in ASCII: some characters end a line for some readers."""
    exchange = {
        "method": question.method,
        "path": scrubber.text(question.path),
        "query": {name: scrubber.text(value) for name, value in question.query.items()},
        "status": answer.status,
        "kind": answer.headers.get("Content-Type", ""),
        "body": _body(answer.body, scrubber),
    }
    return json.dumps(exchange)


def _body(raw: bytes, scrubber: Scrubber) -> Any:  # noqa: ANN401 - whatever the cluster sent
    """Give an object or a list of JSON as such, and anything else as text."""
    text = raw.decode("utf-8", "backslashreplace")
    try:
        found = json.loads(text)
        if isinstance(found, (dict, list)):
            return scrubber.value(found)
    except (ValueError, RecursionError):
        pass
    return scrubber.text(text)


def _of_account(credential: Credential) -> tuple[str, str]:
    """Give the password, and the account as HTTP would write it."""
    password = credential.password.reveal()
    return password, base64.b64encode(f"{credential.username}:{password}".encode("utf-8", "surrogatepass")).decode()
