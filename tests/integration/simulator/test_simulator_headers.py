"""Headers and bodies on the wire, held against recorded and documented ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
import recordings

Client = Any  # the PapiClient of conftest.py, which is not imported


pytestmark = pytest.mark.usefixtures("_recordings")


@pytest.fixture(scope="module")
def _recordings() -> None:
    recordings.folder()


def headers_of(name: str) -> list[tuple[str, str]]:
    lines = ((recordings.FOLDER / "from-tests") / name).read_text("utf-8").split("\n\n")[0].splitlines()[1:]
    return [(header, value) for header, _, value in (line.partition(": ") for line in lines)]


def cookie(line: str) -> tuple[str, set[str]]:
    """Give a cookie's name and its attributes, without its value."""
    first, *attributes = line.split("; ")
    return first.partition("=")[0], set(attributes)


async def test_a_refused_login_looks_as_it_did_on_a_real_cluster(stranger: Client) -> None:
    answered = await stranger.ask("GET", "/platform/3/cluster/config")
    for header in ("Content-Type", "Server", "Strict-Transport-Security", "X-Content-Type-Options", "Accept-Ranges"):
        theirs = dict(headers_of("http_401_headers_onefs95.txt"))[header]
        assert answered.headers[header].split("; charset")[0] == theirs


async def test_the_cookies_of_a_login_are_the_documented_ones_in_the_documented_order(stranger: Client) -> None:
    theirs = [cookie(value) for header, value in headers_of("http_201_session_headers.txt") if header == "Set-Cookie"]
    assert [cookie(value) for value in (await stranger.login()).headers.getall("Set-Cookie")] == theirs


async def test_the_body_of_a_login_has_the_documented_fields(stranger: Client) -> None:
    theirs = json.loads(((recordings.FOLDER / "from-tests") / "session_201.json").read_text("utf-8"))
    assert (await stranger.login()).body == {**theirs, "username": "monitor"}


async def test_the_bare_array_is_the_recorded_one(monitor: Client) -> None:
    await monitor.control("POST", "/faults", {"kind": "bare_array"})
    theirs = json.loads(((recordings.FOLDER / "from-tests") / "statistics_current_forbidden_bare_array.json").read_text("utf-8"))
    assert (await monitor.ask("GET", "/platform/1/statistics/current?key=cluster.health")).body == theirs
