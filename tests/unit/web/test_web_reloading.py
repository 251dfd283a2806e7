"""`POST /-/reload`: who may, what is answered, and that a fault is told with its place."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient

from mendwatch.config.documents import Fault
from mendwatch.errors import ContentError, MendwatchError, StoreError
from mendwatch.model.principals import Role
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore
from mendwatch.web import app as web
from mendwatch.web.reloading import Reload

FAULT = Fault("rules.yaml:3:5", "unknown key 'wenn'", "did you mean 'when'?")


class Door:
    """The application, tokens, and what is asked behind it."""

    def __init__(self, problem: MendwatchError | None = None) -> None:
        self.store = MemoryStore(FakeClock())
        self.actors: list[str] = []
        self.problem = problem
        views = web.Views(metrics=lambda _: iter(()), targets=lambda: ())
        guarded = web.Door(users=lambda: {"ann": "$2b$04$" + "x" * 53})
        reload = Reload(self.store.tokens.authenticate, self.reload)
        self.client = TestClient(web.build(views, door=guarded, reload=reload))

    async def reload(self, actor: str) -> int:
        self.actors.append(actor)
        if self.problem is not None:
            raise self.problem
        return 7

    def token(self, role: Role) -> dict[str, str]:
        _, secret = asyncio.run(self.store.tokens.create("ann", role, expires_at=None, actor="cli:ann"))
        return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OPERATOR, 200), (Role.APPROVER, 200), (Role.VIEWER, 403), (Role.AUDITOR, 403), (Role.SOURCE, 403)]
)
def test_operators_and_approvers_may(role: Role, status: int) -> None:
    door = Door()
    answer = door.client.post("/-/reload", headers=door.token(role))

    assert answer.status_code == status
    assert door.actors == (["api:ann"] if status == 200 else [])
    assert answer.json() == {"rules": 7} if status == 200 else "may not load rules" in answer.json()["error"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer mw_x"}, {"Authorization": "Basic YW5uOng="}])
def test_nobody_else_comes_in(header: dict[str, str]) -> None:
    door = Door()
    answer = door.client.post("/-/reload", headers=header)

    assert (answer.status_code, door.actors) == (401, [])
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_it_is_asked_by_post_alone() -> None:
    door = Door()

    assert door.client.get("/-/reload", headers=door.token(Role.OPERATOR)).status_code == 405


def test_every_fault_is_told_with_its_place() -> None:
    door = Door(ContentError("it has faults", hint="Correct it.", faults=[FAULT]))
    answer = door.client.post("/-/reload", headers=door.token(Role.OPERATOR))

    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"where": FAULT.where, "message": FAULT.message, "hint": FAULT.hint}]


def test_a_state_that_does_not_answer_is_our_own_trouble() -> None:
    door = Door(StoreError("it does not answer", hint="Wait."))

    assert door.client.post("/-/reload", headers=door.token(Role.OPERATOR)).status_code == 503
