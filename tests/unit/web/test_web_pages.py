"""The landing page and readiness, as pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from mendwatch.model.targets import Identity, Target
from mendwatch.polling.outcomes import CollectorStatus, TargetStatus
from mendwatch.polling.standby import State
from mendwatch.web import pages, readiness

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
POLLED = CollectorStatus("quotas", 30.0, State.POLLING, None, NOON, NOON, 0.1, None, None)
WAITING = replace(POLLED, name="events", last_poll=None, last_success=None)
UP = TargetStatus(
    Target("cluster-1", "onefs", "https://admin:hunter2@cluster:8080"),
    "onefs",
    "cluster",
    up=True,
    identity=Identity("c", "OneFS", "9.8"),
    state=State.POLLING,
    until=None,
    error=None,
    hint=None,
    collectors=(POLLED,),
)


OURS = {"html", "meta", "title", "style", "h1", "h2", "p", "table", "tr", "th", "td", "bdi", "ul", "li", "a"}


class Tags(HTMLParser):
    """Collects every tag and attribute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_names_every_target_and_how_it_stands() -> None:
    down = replace(UP, target=Target("cluster-2", "onefs", "x"), up=False, error="connection refused")
    page = pages.landing([UP, down], [], mcp=True)

    for words in ("cluster-1", ">up<", "OneFS 9.8", "cluster-2", ">down<", "connection refused", "/mcp", "The agent is ready"):
        assert words in page


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><script>", "&lt;script&gt;", "{{ 7*7 }}"]
)
def test_text_from_outside_is_only_ever_text(evil: str) -> None:
    status = replace(UP, target=Target(evil, "onefs", evil), identity=Identity(evil, evil, evil), error=evil)
    page = pages.landing([status], [evil], mcp=False)
    tags = Tags(page).found

    assert {tag for tag, _ in tags} <= {
        "html",
        "meta",
        "title",
        "style",
        "h1",
        "h2",
        "p",
        "table",
        "tr",
        "th",
        "td",
        "bdi",
        "ul",
        "li",
        "a",
    }
    assert evil not in page or evil == "{{ 7*7 }}"
    assert [attributes for tag, attributes in tags if tag == "a"] == [
        {"href": f"/probe?target={quote(evil)}"},
        {"href": "/metrics"},
        {"href": "/sd"},
        {"href": "/-/healthy"},
        {"href": "/-/ready"},
    ]


def test_ready_says_in_a_few_words_how_each_target_stands() -> None:
    strange = replace(POLLED, error="the answer makes no sense")
    statuses = [
        UP,
        replace(UP, target=Target("b", "onefs", "x"), up=False, error="connection refused"),
        replace(UP, target=Target("c", "onefs", "x"), up=None),
        replace(UP, target=Target("d", "onefs", "x"), collectors=(strange,)),
    ]

    assert readiness.standing(statuses) == {
        "cluster-1": "up",
        "b": "down: connection refused",
        "c": "not asked yet",
        "d": f"up, but {strange.name}: the answer makes no sense",
    }


def test_text_that_turns_the_direction_is_shown_as_such() -> None:
    assert "\u202e" not in pages.landing([replace(UP, error="a\u202eb")], [], mcp=False)


def test_the_page_holds_no_password() -> None:
    assert "hunter2" not in pages.landing([UP], [], mcp=False)


def test_the_page_loads_nothing_and_the_policy_forbids_it() -> None:
    page = pages.landing([UP], [], mcp=True)

    assert not [
        attributes for _, attributes in Tags(page).found if "src" in attributes or str(attributes.get("href", "/"))[0] != "/"
    ]
    assert pages.POLICY.startswith("default-src 'none'")


def test_a_page_without_targets_says_so() -> None:
    assert "None is configured" in pages.landing([], [], mcp=False)


def test_a_collector_that_this_release_has_nothing_for_is_no_fault() -> None:
    resting = replace(POLLED, error="this release has no such resource", error_code="unsupported")
    status = replace(UP, collectors=(POLLED, resting))
    assert readiness.standing([status]) == {UP.target.id: "up"}
    assert "no such resource" not in pages.landing([status], [], mcp=False)


def test_a_collectors_own_fault_is_shown_while_the_target_is_up() -> None:
    status = replace(UP, collectors=(replace(POLLED, error="ISI_PRIV_QUOTA is missing"),))

    assert "quotas: ISI_PRIV_QUOTA is missing" in pages.landing([status], [], mcp=False)


def test_an_agent_is_ready_when_every_collector_was_asked_once() -> None:
    waiting = replace(UP, up=None, collectors=(POLLED, WAITING))

    assert readiness.reasons([UP]) == ()
    assert readiness.reasons([UP, waiting]) == ("cluster-1 was not polled yet: events",)


def test_a_target_that_is_down_does_not_keep_the_agent_from_being_ready() -> None:
    assert readiness.reasons([replace(UP, up=False, collectors=(WAITING,))]) == ()


def test_an_agent_that_watches_nothing_is_ready() -> None:
    assert readiness.reasons([]) == ()


def test_a_warning_stands_on_the_page_escaped() -> None:
    page = pages.landing([], [], ["rules were not loaded: <script>alert(1)</script>"], mcp=False)

    assert "The agent is ready" in page
    assert "rules were not loaded: &lt;script&gt;" in page
