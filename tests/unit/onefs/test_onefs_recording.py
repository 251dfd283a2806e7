"""A recording is made whole or not at all, whatever a collector does, and nobody else can read it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from mendwatch.errors import Denied, UserError
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import CollectorSpec
from mendwatch.testing.clock import NOON, FakeClock
from mendwatch_onefs.logins import Ticket
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.recording import ABOUT, EXCHANGES, RecordingSession, record
from mendwatch_onefs.wire import Answer, Question

PASSWORD, COOKIE, NEW_COOKIE = "canary-P9!", "canary-cookie-1", "canary-cookie-2"
CONFIG = {"name": "c1", "onefs_version": {"release": "v9.5.0.3"}, "note": f"{PASSWORD} {COOKIE} {NEW_COOKIE}"}


class Told(RecordingSession):
    """A recording session whose cluster is a function."""

    def __init__(self) -> None:
        credential = Credential("monitor", Secret(PASSWORD))
        super().__init__(Target("c1", "onefs", "192.0.2.1"), OneFSOptions(), credential, FakeClock())

    async def _heard(self, question: Question) -> tuple[Ticket, Answer]:
        body = {"latest": "17"} if question.path.endswith("latest") else CONFIG
        kind = {"Content-Type": "application/json"}
        return Ticket(1, COOKIE, "", None, 0), Answer(200, kind, {"isisessid": NEW_COOKIE}, json.dumps(body).encode())


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr("mendwatch_onefs.session.OneFSSession._admitted", Told._heard)
    return Told()


class Failing:
    """A collector that ends in one way."""

    def __init__(self, name: str, problem: Exception | None, timeout: float = 10.0) -> None:
        self.spec = CollectorSpec(name, 30.0, timeout, ())
        self._problem = problem

    async def collect(self, session: object, now: datetime) -> Reading:
        del session, now
        if self._problem is None:
            await asyncio.Event().wait()
        assert self._problem is not None
        raise self._problem


async def test_every_way_in_which_a_collector_fails_is_part_of_the_recording(session: Told, tmp_path: Path) -> None:
    ways = (Failing("denied", Denied("no")), Failing("bug", ValueError(PASSWORD)), Failing("hung", None, 0.01))

    assert await record(session, ways, NOON, tmp_path) == 2

    text = (tmp_path / ABOUT).read_text("utf-8")
    assert json.loads(text)["failed"] == {
        "denied": "denied: no",
        "bug": "bug: ValueError: REMOVED",
        "hung": "unreachable: no answer within 0.01 s",
    }


async def test_no_secret_of_the_session_is_written_and_only_the_owner_reads_it(session: Told, tmp_path: Path) -> None:
    await record(session, (), NOON, tmp_path)

    files = [tmp_path / name for name in (ABOUT, EXCHANGES)]
    text = "".join(file.read_text("utf-8") for file in files)
    assert "canary" not in text
    assert text.count("REMOVED") == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


async def test_a_full_disk_is_told_as_such(session: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def full(path: object, *arguments: int) -> int:
        if str(path).endswith(EXCHANGES):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return opened(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("mendwatch_onefs.recording.os.open", full)
    with pytest.raises(UserError, match="No space left"):
        await record(session, (), NOON, tmp_path)
