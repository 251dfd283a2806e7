"""A recording is served as it is written, also an old one; a broken one is refused as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from mendwatch.config.settings import TargetSettings
from mendwatch.errors import UserError
from mendwatch_onefs_sim.replay import Recording, Replayed

LINE = {
    "method": "GET",
    "path": "/platform/1/x",
    "query": {"b": "2", "a": "1"},
    "status": 200,
    "kind": "application/json",
    "body": {},
}
ABOUT = {"name": "c1", "release": "9.5.0.3", "recorded": "2026-01-01T00:00:00+00:00", "failed": {}}


def _written(folder: Path, *lines: object, about: dict[str, Any] | None = None) -> Path:
    (folder / "about.json").write_text(json.dumps(about or ABOUT), "utf-8")
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    (folder / "exchanges.jsonl").write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return folder


def test_the_order_of_a_query_does_not_matter_and_the_later_answer_counts(tmp_path: Path) -> None:
    recording = Recording(_written(tmp_path, LINE, {**LINE, "body": {"later": True}}))

    assert recording.answer("GET", "/platform/1/x", {"a": "1", "b": "2"}).body == b'{"later":true}'


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("HEAD", "/platform/1/x", {"a": "1", "b": "2"}),
        ("GET", "/platform/1/x", {}),
        ("GET", "/platform/1/../1/x", {"a": "1", "b": "2"}),
        ("GET", "/../../etc/passwd", {}),
        ("GET", "/about.json", {}),
    ],
)
def test_what_was_not_asked_is_unknown(tmp_path: Path, method: str, path: str, query: dict[str, str]) -> None:
    assert Recording(_written(tmp_path, LINE)).answer(method, path, query).status == 404


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("text/html; charset=UTF-8", "<p>no</p>", ("text/html", b"<p>no</p>")),
        ("", "", ("text/plain", b"")),
        ("application/json", [1], ("application/json", b"[1]")),
    ],
)
def test_a_body_is_served_as_its_kind(tmp_path: Path, kind: str, body: object, told: tuple[str, bytes]) -> None:
    answer = Recording(_written(tmp_path, {**LINE, "kind": kind, "body": body, "query": {}})).answer("GET", "/platform/1/x", {})

    assert (answer.content_type, answer.body or b"") == told


def test_an_older_recording_may_hold_any_character(tmp_path: Path) -> None:
    recording = Recording(_written(tmp_path, {**LINE, "body": "one\u2028two\u0085three", "query": {}}, LINE))

    assert recording.answer("GET", "/platform/1/x", {}).text == "one\u2028two\u0085three"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "17",
        {**LINE, "status": 99},
        {**LINE, "status": "ok"},
        {**LINE, "status": None},
        {**LINE, "query": []},
        {**LINE, "query": {"a": []}},
        {name: value for name, value in LINE.items() if name != "body"},
    ],
)
def test_a_broken_line_is_refused_before_anything_is_served(tmp_path: Path, line: object) -> None:
    with pytest.raises(UserError, match="holds no recording"):
        Recording(_written(tmp_path, LINE, line))


def test_a_newer_recording_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="newer release"):
        Recording(_written(tmp_path, LINE, about={**ABOUT, "form": 2}))


@pytest.mark.parametrize("name", ["192.0.2.1:8080", "Straße", "x" * 200, "a b\nc"])
async def test_any_cluster_gets_a_stanza_that_can_be_used(tmp_path: Path, name: str) -> None:
    served = Replayed()
    try:
        target = await served.start(_written(tmp_path, LINE, about={**ABOUT, "name": name}))
        stanza = yaml.safe_load(yaml.safe_dump(dict(target.targets[0])))
        TargetSettings.model_validate(stanza)
        async with aiohttp.ClientSession() as http, http.get(stanza["address"], ssl=False) as answer:
            assert answer.status == 401
    finally:
        await served.stop()
