"""The kill switch over HTTP: who may stop, who may allow again, and what the audit says of those who may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from mendwatch.model.controls import STOP_NAME, ControlKind
from mendwatch.model.principals import Role
from mendwatch.service.stops import stop_hands
from mendwatch.testing.store import MemoryStore
from mendwatch.web import stopping
from mendwatch.web.stopping import StopRuns

STOP, ALLOW = stopping.PATHS


class Site:
    """The endpoints on a store."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        endpoint = StopRuns(self.store.tokens.authenticate, stop_hands(self.store))
        self.http = TestClient(Starlette(routes=[Route(path, endpoint.answer, methods=["POST"]) for path in stopping.PATHS]))

    def secret(self, role: Role, **more: Any) -> str:  # noqa: ANN401 - as the store has it
        return asyncio.run(self.store.tokens.create("ann", role, expires_at=None, actor="cli:ann", **more))[1]

    def post(self, path: str, secret: str | None, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - of the request
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        answer = self.http.post(path, headers=headers, **body)
        return answer.status_code, answer.json()

    @property
    def stopped(self) -> bool:
        return asyncio.run(self.store.controls.get(ControlKind.STOP, STOP_NAME)) is not None

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(row.actor, row.what) for row in asyncio.run(self.store.audit.entries(subject="runs"))]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.APPROVER])
def test_an_operator_or_an_approver_stops_runs(site: Site, role: Role) -> None:
    status, said = site.post(STOP, site.secret(role), json={"reason": "smoke"})

    assert (status, said["stopped"], said["reason"], site.stopped) == (200, True, "smoke", True)
    assert site.told == [("api:ann", "runs.stopped")]


def test_only_an_approver_allows_them_again(site: Site) -> None:
    operator, approver = site.secret(Role.OPERATOR), site.secret(Role.APPROVER)
    site.post(STOP, operator)

    assert (site.post(ALLOW, operator)[0], site.stopped) == (403, True)
    assert (site.post(ALLOW, approver), site.stopped) == ((200, {"stopped": False, "was_stopped": True}), False)
    assert site.post(ALLOW, approver)[1]["was_stopped"] is False
    assert site.told == [("api:ann", "runs.stopped"), ("api:ann", "runs.switch_refused"), ("api:ann", "runs.allowed")]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.SOURCE])
@pytest.mark.parametrize("path", stopping.PATHS)
def test_who_may_neither_is_refused_and_audited(site: Site, role: Role, path: str) -> None:
    assert site.post(path, site.secret(role))[0] == 403
    assert (site.stopped, site.told) == (False, [("api:ann", "runs.switch_refused")])


def test_a_model_may_stop_and_not_allow(site: Site) -> None:
    model = site.secret(Role.OPERATOR, model=True)

    assert (site.post(STOP, model)[0], site.post(ALLOW, model)[0], site.stopped) == (200, 403, True)


@pytest.mark.parametrize("secret", [None, "", "mw_zzzzzzzz_" + "A" * 43])
def test_without_a_token_nothing_happens(site: Site, secret: str | None) -> None:
    assert (site.post(STOP, secret)[0], site.stopped, site.told) == (401, False, [])


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"reason": 1}', b"x" * 5000, b"\xff\xfe"])
def test_a_body_that_cannot_be_read_stops_nothing(site: Site, body: bytes) -> None:
    assert (site.post(STOP, site.secret(Role.OPERATOR), content=body)[0], site.stopped) == (400, False)


def test_a_reason_is_kept_short_and_in_one_line(site: Site) -> None:
    _, said = site.post(STOP, site.secret(Role.OPERATOR), json={"reason": "a\nb\u202e" + "c" * 600})

    assert said["reason"] == "ab" + "c" * 498


def test_a_store_that_does_not_answer_is_told(site: Site) -> None:
    secret = site.secret(Role.OPERATOR)
    site.store.audit.broken = True

    assert (site.post(STOP, secret)[0], site.stopped) == (503, False)
