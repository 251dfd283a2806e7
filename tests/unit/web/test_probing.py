"""One target's page: who is asked, for how long, and what a wrong question gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from mendwatch.errors import NotFound
from mendwatch.metrics.formats import Format
from mendwatch.web import exposition
from mendwatch.web.probing import PATIENCE_HEADER, Probe, patience


class Refreshing:
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    async def refresh(self, target: str, patience: float) -> None:
        if target != "lab":
            raise NotFound(f"there is no target {target!r}", hint="There are: lab.")
        self.asked.append((target, patience))


def _page(target: str) -> exposition.Pieces:
    def pieces(_: Format) -> Iterator[bytes]:
        yield f'x{{cluster="{target}"}} 1\n'.encode()

    return pieces


@pytest.fixture
def refreshing() -> Refreshing:
    return Refreshing()


@pytest.fixture
def client(refreshing: Refreshing) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[Route("/probe", Probe(refreshing.refresh, _page).answer)])) as client:
        yield client


def test_a_probe_refreshes_its_target_and_shows_its_series(client: TestClient, refreshing: Refreshing) -> None:
    answer = client.get("/probe", params={"target": "lab"}, headers={PATIENCE_HEADER: "5"})

    assert answer.text == 'x{cluster="lab"} 1\n'
    assert refreshing.asked == [("lab", 4.5)]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "/sd"),
        ("?target=", 400, "/sd"),
        ("?target=" + "x" * 60_000, 400, "/sd"),
        ("?target=nobody", 404, "There are: lab"),
        ("?target=%0d%0aSet-Cookie:%20a%00%ff", 404, "There are: lab"),
        ("?target=lab&target=<script>", 404, "There are: lab"),
    ],
)
def test_a_wrong_question_is_told_what_would_be_right(client: TestClient, query: str, status: int, words: str) -> None:
    answer = client.get(f"/probe{query}")

    assert answer.status_code == status
    assert words in answer.text
    assert len(answer.text) < 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert all(line.isprintable() for line in answer.text.splitlines())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 9.5), ("10", 9.5), ("0.6", 0.3), ("1e9", 120.0), ("nan", 9.5), ("-1", 9.5), ("soon", 9.5), ("0", 9.5)],
)
def test_the_patience_is_a_little_less_than_the_readers(header: str | None, seconds: float) -> None:
    assert patience(header) == seconds
