"""`mendwatch rules backtest`: what would have fired over a recorded time, as a person and a script are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mendwatch.alerting import schemas
from mendwatch.alerting.recording import frames
from mendwatch.alerting.recording.events import Began, Event, Observed, Why
from mendwatch.alerting.recording.writing import Writer
from mendwatch.alerting.table import Poll
from mendwatch.cli import app
from mendwatch.config import loading
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.silences import NewSilence
from mendwatch.model.targets import Target
from mendwatch.polling import providers
from mendwatch.provider import CollectorSpec
from mendwatch.service.shelf import Allowance, Shelf
from mendwatch.service.state import open_state
from mendwatch.testing.clock import FakeClock

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
USAGE, LIMIT = "powerscale_quota_usage_bytes", "powerscale_quota_hard_limit_bytes"
RULES = """
groups:
- name: mine
  rules:
  - alert: MineFull
    on: quota
    match: ['type="directory"']
    when: usage_bytes / hard_limit_bytes > 0.9
    clear: usage_bytes / hard_limit_bytes < 0.8
    for: 5m
    key: [cluster, path]
    remediate:
      remediation: onefs/quota_raise
      variables: {path: path, new_hard_limit_bytes: int(hard_limit_bytes * 1.5)}
      mode: MODE
  - {alert: MineQuiet, on: quota, when: usage_bytes < 0.0}
"""
#: Minutes of two quotas: /ifs/a is full from 30 to 60 and from 90 on, /ifs/b from 35 to 60.
FULL = {"/ifs/a": (*range(30, 60), *range(90, 121)), "/ifs/b": range(35, 60)}

Run = Callable[..., tuple[int, str, str]]


def life() -> list[Event]:
    known = schemas.of_providers(providers.discover(["onefs"]).values())["quota"]
    spec = CollectorSpec("quotas", 60.0, 10.0, known.metrics, (known.schema,))
    events: list[Event] = [Began(START, Why.START, (), {})]
    for minute in range(121):
        for cluster in ("lab", "prod"):
            samples = [
                Sample(metric, value, (path, "directory"))
                for path, full in FULL.items()
                for metric, value in ((USAGE, 95.0 + minute / 100 if minute in full and cluster == "lab" else 50.0), (LIMIT, 100.0))
            ]
            reading = Reading(tuple(samples))
            events.append(Observed(Poll(Target(cluster, "onefs", ""), "cluster", spec, reading, START + timedelta(minutes=minute))))
    return events


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A recorded morning of two clusters, and the command over it."""
    shelf = Shelf(tmp_path / "state" / "readings", Allowance(timedelta(days=1), 2**20))
    shelf.begin(START)
    shelf.add(b"".join(frames.frame(Writer().pieces(life()))))
    shelf.close()
    (tmp_path / "mendwatch.yaml").write_text("state_dir: state\nshipped_rules: false\nrules: [mine.yaml]\n", "utf-8")
    (tmp_path / "mine.yaml").write_text(RULES.replace("MODE", "approve"), "utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        until = (START + timedelta(minutes=120)).isoformat()
        code = app.call(
            ["rules", "backtest", "--until", until, "--last", "2h", *arguments, "--config", str(tmp_path / "mendwatch.yaml")]
        )
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def found(run: Run, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    code, out, _ = run("--json", *arguments)
    assert code == 0, out
    return json.loads(out)


def test_it_tells_what_would_have_fired_and_for_how_long(run: Run) -> None:
    body = found(run)
    fired = [
        (one["rule"], one["key"]["path"], one["since"][11:16], one["fired_at"][11:16], one["until"] and one["until"][11:16])
        for one in body["episodes"]
    ]
    assert fired == [
        ("MineFull", "/ifs/a", "06:30", "06:35", "07:00"),
        ("MineFull", "/ifs/b", "06:35", "06:40", "07:00"),
        ("MineFull", "/ifs/a", "07:30", "07:35", None),
    ]
    assert body["episodes"][0]["peaks"] == {"hard_limit_bytes": [100.0, 100.0], "usage_bytes": [95.35, 95.59]}
    (full, quiet) = body["rules"]
    assert (full["fired"], full["subjects"], full["seconds"]) == (3, 2, 25 * 60 + 20 * 60 + 25 * 60)
    assert (quiet["rule"], quiet["fired"]) == ("MineQuiet", 0)
    assert (body["readings"], body["samples"]) == (242, 968)


def test_it_tells_what_would_have_been_asked_for_and_what_the_guards_would_have_withheld(run: Run) -> None:
    body = found(run)
    assert [(one["remediation"], one["mode"], one["variables"]["path"]) for one in body["asked"]] == [
        ("onefs/quota_raise", "approve", "/ifs/a"),
        ("onefs/quota_raise", "approve", "/ifs/b"),
        ("onefs/quota_raise", "approve", "/ifs/a"),
    ]
    assert body["withheld"] == []


def test_the_mode_observe_withholds_everything(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RULES.replace("MODE", "observe"), "utf-8")
    body = found(run)
    assert (body["asked"], {one["guard"] for one in body["withheld"]}) == ([], {"mode"})


def test_guards_that_count_runs_see_those_that_would_have_been(run: Run, tmp_path: Path) -> None:
    text = RULES.replace("mode: MODE", "mode: auto\n      guard: {cooldown: 2h}")
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    body = found(run)
    assert [one["variables"]["path"] for one in body["asked"]] == ["/ifs/a", "/ifs/b"]
    (held,) = body["withheld"]
    assert (held["guard"], held["key"]["path"], held["at"][11:16]) == ("cooldown", "/ifs/a", "07:35")


def test_silences_that_held_then_withhold_then(run: Run, tmp_path: Path) -> None:
    asyncio.run(_silence(tmp_path / "mendwatch.yaml", ("alertname=MineFull", "path=/ifs/b"), START + timedelta(minutes=30)))
    body = found(run)
    (held,) = body["withheld"]
    assert (held["guard"], held["key"]["path"]) == ("silenced", "/ifs/b")
    assert [one["variables"]["path"] for one in body["asked"]] == ["/ifs/a", "/ifs/a"]


async def _silence(config: Path, matchers: tuple[str, ...], begins: datetime) -> None:
    store = await open_state(loading.load(config), FakeClock(START))
    try:
        new = NewSilence(matchers, begins, begins + timedelta(minutes=30), "ann", "it is moved")
        await store.silences.add(new, actor="ann")
    finally:
        await store.close()


def test_people_get_tables_and_a_line_for_what_did_nothing(run: Run) -> None:
    code, out, err = run()
    assert code == 0
    assert "2026-03-01 06:00:00Z to 2026-03-01 08:00:00Z: 242 readings, 968 samples, 2 rules" in out
    assert "MineFull  lab     path=/ifs/a  2026-03-01 06:35:00Z  2026-03-01 07:00:00Z  25m" in out
    assert "1 rule did nothing" in out
    assert err == ""


def test_one_target_and_one_rule_can_be_looked_at_alone(run: Run) -> None:
    assert found(run, "--target", "prod")["episodes"] == []
    body = found(run, "--rule", "MineQuiet")
    assert [line["rule"] for line in body["rules"]] == ["MineQuiet"]
    code, _, err = run("--rule", "MineFul")
    assert code == 2
    assert "Did you mean 'MineFull'?" in err


def test_other_rules_are_compared_with_those_of_the_agent(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(RULES.replace("MODE", "approve").replace("for: 5m", "for: 28m"), "utf-8")
    body = found(run, str(other), "--compare")
    (difference,) = body["compared"]["differences"]
    assert (difference["rule"], difference["fired_before"], difference["fired_after"]) == ("MineFull", 3, 2)
    _, out, _ = run("--compare")
    assert "the present rules would have done the very same" in out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--since", "yesterday"), "2026-01-15T12:00:00Z"),
        (("--since", "2030-01-01T00:00:00Z"), "--since before --until"),
        (("--last", "1 day"), "90s, 24h or 7d"),
        (("--from", "nowhere"), "history.readings.disk_mib"),
    ],
)
def test_what_cannot_be_looked_at_is_one_clear_line(run: Run, arguments: tuple[str, ...], hint: str) -> None:
    code, _, err = run(*arguments)
    assert (code, hint in err) == (2, True)


def test_a_torn_record_is_looked_at_up_to_where_it_is_whole(run: Run, tmp_path: Path) -> None:
    (path,) = (tmp_path / "state" / "readings").iterdir()
    path.write_bytes(path.read_bytes() + b"torn")
    assert len(found(run)["episodes"]) == 3
