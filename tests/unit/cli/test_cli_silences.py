"""`mendwatch silence`: what it would cover, what it makes, how it stands, and how it ends."""

from __future__ import annotations

import asyncio
import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mendwatch.cli import app
from mendwatch.cli.commands.silences import standing
from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.silences import Silence
from mendwatch.service.state import open_state

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
ALERT = Alert(
    "f1",
    "Full",
    "prod-1",
    {"path": "/ifs/a"},
    {"path": "/ifs/a", "cluster": "prod-1"},
    AlertState.FIRING,
    SEEN,
    {},
    {},
    fired_at=SEEN,
)


@dataclass
class Caller:
    """A configuration with two alerts in its state, and the command with what it prints."""

    config: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def __call__(self, *arguments: str) -> int:
        code = app.call(["silence", *arguments, "--config", str(self.config)])
        self.out, self.err = self.capture.readouterr()
        return code

    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        return json.loads(self.out)


@pytest.fixture
def silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Caller:
    config = tmp_path / "mendwatch.yaml"
    window = "{name: nights, matchers: [cluster=x], comment: backups, time_intervals: [{years: [2020]}]}"
    config.write_text(f"state_dir: state\nmaintenance: [{window}]\n", "utf-8")

    async def fill() -> None:
        store = await open_state(loading.load(config))
        over = Alert("f3", "Full", "prod-1", {}, {"cluster": "prod-1"}, AlertState.INACTIVE, SEEN, {}, {}, changes=(SEEN,))
        other = Alert("f2", "Down", "prod-2", {}, {"cluster": "prod-2"}, AlertState.PENDING, SEEN, {}, {})
        await store.alerts.save([ALERT, other, over])
        await store.close()

    asyncio.run(fill())
    return Caller(config, capsys)


def test_a_dry_run_shows_what_would_be_silenced_and_makes_nothing(silence: Caller) -> None:
    assert silence("add", "cluster=~prod-.*", "alertname=Full", "--for", "2h", "--comment", "new disks", "--dry-run") == 0
    assert silence.out.splitlines() == [
        "ALERT  STATE   TARGET  SUBJECT",
        "Full   firing  prod-1  path=/ifs/a",
        "1 alert would be silenced now; nothing was made (--dry-run)",
    ]
    assert silence("list", "--json") == 0
    assert silence.json()["silences"] == []


def test_a_silence_is_made_in_the_name_of_who_calls_and_is_audited(silence: Caller) -> None:
    before = SystemClock().now()
    assert silence("add", 'path="/ifs/a"', "--for", "2h", "--comment", "new disks", "--json") == 0
    made = silence.json()["silence"]

    assert (made["author"], made["comment"], made["matchers"]) == (getpass.getuser(), "new disks", ['path="/ifs/a"'])
    assert datetime.fromisoformat(made["ends_at"]) - before >= timedelta(hours=2)
    assert [alert["rule"] for alert in silence.json()["alerts"]] == ["Full"]
    assert silence("expire", made["id"]) == 0
    assert silence.out.startswith(f"{made['id']} ended at ")
    app.call(["audit", "show", "--json", "--config", str(silence.config)])
    rows = json.loads(silence.capture.readouterr().out)
    rows = rows if isinstance(rows, list) else rows["rows"]
    assert [row["what"] for row in rows] == ["silence.added", "silence.expired"]


def test_what_is_over_is_listed_when_it_is_asked_for_and_windows_always(silence: Caller) -> None:
    silence("add", "cluster=prod-1", "--until", "2100-01-31T22:00", "--comment", "for long", "--json")
    made = silence.json()["silence"]["id"]
    silence("list")
    shown = silence.out
    silence("expire", made)
    silence("list")
    afterwards = silence.out
    silence("list", "--all")

    assert [line.split()[:2] for line in shown.splitlines()] == [["ID", "STATE"], [made, "active"], ["nights", "maintenance"]]
    assert made not in afterwards
    assert [made, "expired"] in [line.split()[:2] for line in silence.out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "cluster=a", "--comment", "c"), 2, "a silence needs an end"),
        (("add", "cluster=a", "--comment", "c", "--for", "2h", "--until", "2100-01-01"), 2, "a silence needs an end"),
        (("add", "cluster=a", "--comment", "c", "--for", "2"), 2, "is no duration"),
        (("add", "cluster=a", "--comment", "c", "--for", "0"), 2, "of no time"),
        (("add", "cluster=a", "--comment", "c", "--until", "tomorrow"), 2, "is no time"),
        (("add", "cluster=a", "--comment", "c", "--until", "2001-01-01"), 2, "cannot end at"),
        (("add", "cluster ~ a", "--comment", "c", "--for", "2h"), 2, "is no matcher"),
        (("add", "cluster=a", "--comment", " ", "--for", "2h"), 2, "an author and a comment"),
        (("expire", "sil-00000000"), 1, "there is no silence"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(silence: Caller, arguments: tuple[str, ...], code: int, words: str) -> None:
    assert silence(*arguments) == code
    assert words in silence.err
    assert "hint:" in silence.err


def test_a_silence_that_has_not_begun_is_pending() -> None:
    silence = Silence("s", (), SEEN, SEEN + timedelta(hours=1), author="", comment="", created_at=SEEN)

    moments = (SEEN - timedelta(seconds=1), SEEN, SEEN + timedelta(hours=1))
    assert [standing(silence, moment) for moment in moments] == ["pending", "active", "expired"]
