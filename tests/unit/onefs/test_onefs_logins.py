"""One login for everybody: when it happens, when it never happens again, and which cookies count."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mendwatch.errors import AuthenticationFailed, BadAnswer, Throttled, Unreachable
from mendwatch.model.targets import Credential, Secret
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.addresses import base_url
from mendwatch_onefs.logins import MARGIN, Logins
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.wire import Answer, Question, Wire

PASSWORD = "kanarie-7f3a"


class FakeWire(Wire):
    """A wire whose far end is a list of prepared answers; an exception in it is raised."""

    def __init__(self, *answers: Answer | Exception) -> None:
        super().__init__(base_url("cluster.example.com"), OneFSOptions())
        self.answers = list(answers)
        self.asked: list[Question] = []
        self.go = asyncio.Event()
        self.go.set()

    async def exchange(self, question: Question) -> Answer:
        self.asked.append(question)
        await self.go.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def logins(self) -> int:
        return sum(question.method == "POST" for question in self.asked)


def granted(session: str = "s1", absolute: object = 14400, **cookies: str) -> Answer:
    body = {"services": ["platform"], "timeout_absolute": absolute, "timeout_inactive": 900, "username": "monitor"}
    return Answer(201, {}, {"isisessid": session, "isicsrf": "c1", **cookies}, json.dumps(body).encode())


def refused(status: int = 401, body: bytes = b"<html>401</html>") -> Answer:
    return Answer(status, {"Content-Type": "text/html", "Retry-After": "7"}, {}, body)


def made(*answers: Answer | Exception) -> tuple[Logins, FakeWire, FakeClock]:
    wire, clock = FakeWire(*answers), FakeClock()
    return Logins(wire, Credential("monitor", Secret(PASSWORD)), clock), wire, clock


async def test_many_who_ask_at_once_make_one_login() -> None:
    logins, wire, _ = made(granted())
    tickets = await asyncio.gather(*(logins.ticket() for _ in range(20)))
    assert wire.logins == 1
    assert {ticket.session for ticket in tickets} == {"s1"}


async def test_nobody_asking_makes_no_login() -> None:
    logins, wire, _ = made()
    await logins.leave()
    assert wire.asked == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_login_is_never_tried_again_and_fails_from_memory(status: int) -> None:
    logins, wire, clock = made(refused(status))
    outcomes = await asyncio.gather(*(logins.ticket() for _ in range(10)), return_exceptions=True)
    clock.move(86_400)
    outcomes.append((await asyncio.gather(logins.ticket(), return_exceptions=True))[0])
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert wire.logins == 1
    assert all(isinstance(outcome, AuthenticationFailed) and outcome.hint for outcome in outcomes)


async def test_a_login_that_could_not_be_judged_is_tried_again_next_time() -> None:
    logins, wire, _ = made(Unreachable("no route"), refused(429, b""), granted())
    with pytest.raises(Unreachable):
        await logins.ticket()
    with pytest.raises(Throttled) as caught:
        await logins.ticket()
    assert caught.value.after == 7.0
    assert (await logins.ticket()).session == "s1"
    assert wire.logins == 3


async def test_who_stops_waiting_does_not_stop_the_login_that_is_under_way() -> None:
    logins, wire, _ = made(refused())
    wire.go.clear()
    impatient = asyncio.create_task(logins.ticket())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    patient = asyncio.create_task(logins.ticket())
    await asyncio.sleep(0)
    wire.go.set()
    with pytest.raises(AuthenticationFailed):
        await patient
    assert wire.logins == 1


async def test_a_session_is_replaced_a_minute_before_its_absolute_end() -> None:
    logins, wire, clock = made(granted("s1"), granted("s2"))
    await logins.ticket()
    clock.move(14_400 - MARGIN - 1)
    assert (await logins.ticket()).session == "s1"
    clock.move(1)
    assert (await logins.ticket()).session == "s2"
    assert wire.logins == 2


@pytest.mark.parametrize("absolute", [0, None, "0", "soon", -1], ids=repr)
async def test_an_absolute_end_of_0_is_unknown_and_replaces_nothing(absolute: object) -> None:
    logins, wire, clock = made(granted(absolute=absolute))
    await logins.ticket()
    clock.move(10_000_000)
    await logins.ticket()
    assert wire.logins == 1


async def test_a_very_short_session_is_not_replaced_at_every_question() -> None:
    logins, wire, clock = made(granted(absolute=30))
    await logins.ticket()
    clock.move(14)
    await logins.ticket()
    assert wire.logins == 1


async def test_after_a_refusal_one_new_login_serves_all_who_were_refused() -> None:
    logins, wire, _ = made(granted("s1"), granted("s2"))
    old = await logins.ticket()
    tickets = await asyncio.gather(*(logins.after_refused(old) for _ in range(5)))
    assert {ticket.session for ticket in tickets} == {"s2"}
    assert wire.logins == 2


async def test_a_cookie_of_any_answer_replaces_the_session_and_keeps_the_csrf_token() -> None:
    logins, wire, _ = made(granted("s1"))
    old = await logins.ticket()
    logins.absorb(old, Answer(200, {}, {"isisessid": "s1-new", "other": "x"}, b"{}"))
    new = await logins.ticket()
    assert (new.session, new.csrf) == ("s1-new", "c1")
    assert (await logins.after_refused(old)).session == "s1-new"
    assert wire.logins == 1


async def test_a_late_cookie_of_a_replaced_login_is_ignored() -> None:
    logins, _, _ = made(granted("s1"), granted("s2"))
    old = await logins.ticket()
    await logins.after_refused(old)
    logins.absorb(old, Answer(200, {}, {"isisessid": "s1-late"}, b"{}"))
    assert (await logins.ticket()).session == "s2"


async def test_a_withdrawn_cookie_is_not_taken_for_a_session() -> None:
    logins, _, _ = made(granted("s1"))
    logins.absorb(await logins.ticket(), Answer(200, {}, {"isisessid": ""}, b"{}"))
    assert (await logins.ticket()).session == "s1"


async def test_a_ticket_proves_itself_by_cookie_token_and_origin() -> None:
    logins, _, _ = made(granted("s1"))
    headers = (await logins.ticket()).headers("https://cluster.example.com:8080")
    assert headers == {
        "Cookie": "isisessid=s1; isicsrf=c1",
        "Origin": "https://cluster.example.com:8080",
        "X-CSRF-Token": "c1",
    }


async def test_a_release_without_csrf_tokens_is_asked_without_one() -> None:
    logins, _, _ = made(granted("s1", isicsrf=""))
    assert "X-CSRF-Token" not in (await logins.ticket()).headers("o")


async def test_a_login_without_a_session_cookie_is_a_bad_answer() -> None:
    logins, _, _ = made(granted(""))
    with pytest.raises(BadAnswer, match="isisessid"):
        await logins.ticket()


async def test_leaving_logs_out_once_with_the_newest_session() -> None:
    logins, wire, _ = made(granted("s1"), Answer(204, {}, {}, b""))
    await logins.ticket()
    await logins.leave()
    await logins.leave()
    (goodbye,) = [question for question in wire.asked if question.method == "DELETE"]
    assert goodbye.headers["X-CSRF-Token"] == "c1"


async def test_leaving_never_raises() -> None:
    logins, _, _ = made(granted("s1"), Unreachable("gone"))
    await logins.ticket()
    await logins.leave()


async def test_leaving_during_a_login_waits_for_it_and_logs_out() -> None:
    logins, wire, _ = made(granted("s1"), Answer(204, {}, {}, b""))
    wire.go.clear()
    waiting = asyncio.create_task(logins.ticket())
    await asyncio.sleep(0)
    leaving = asyncio.create_task(logins.leave())
    await asyncio.sleep(0)
    wire.go.set()
    await leaving
    assert (await waiting).session == "s1"
    assert [question.method for question in wire.asked] == ["POST", "DELETE"]


async def test_a_session_of_a_node_that_was_left_is_not_used_at_the_next_one() -> None:
    logins, wire, _ = made(granted("s1"), replace(granted("s2"), line=1))
    old = await logins.ticket()
    wire.line = 1
    tickets = await asyncio.gather(logins.ticket(), logins.after_refused(old))
    assert {ticket.session for ticket in tickets} == {"s2"}
    assert wire.logins == 2


async def test_nothing_about_a_login_shows_its_secrets() -> None:
    logins, wire, _ = made(granted("session-secret"), refused(500, f'{{"errors":[{{"message":"{PASSWORD}"}}]}}'.encode()))
    ticket = await logins.ticket()
    with pytest.raises(BadAnswer) as caught:
        await logins.after_refused(ticket)
    shown = f"{logins!r} {ticket!r} {wire.asked!r} {granted('session-secret')!r} {caught.value!r} {caught.value}"
    assert PASSWORD not in shown
    assert "session-secret" not in shown


async def test_the_recorded_session_of_dell_is_understood(recorded: Callable[[str], bytes]) -> None:
    body = recorded("from-tests/session_201.json")
    logins, wire, clock = made(Answer(201, {}, {"isisessid": "s1", "isicsrf": "c1"}, body), granted("s2"))
    await logins.ticket()
    clock.move(14_400 - MARGIN)
    assert (await logins.ticket()).session == "s2"
    assert wire.logins == 2
