"""Traps of the Platform API that no other test springs: how questions are written, which clusters answer oddly, what is never sent.

What is known to have hurt others, and the test that shows that it does not hurt us, is listed in `trap_table`.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from papi_wire import JSON, World, make_world
from simulated import series

from mendwatch.errors import AuthenticationFailed, BadAnswer
from mendwatch_onefs.wire import LARGEST_ANSWER, Answer, Question
from mendwatch_onefs_sim.paging import TOKEN_LIFE
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage

CURRENT, QUOTAS = "/platform/1/statistics/current", "/platform/15/quota/quotas"
#: Bytes that a web server takes for the line of a request; ours stay well below.
LINE = 8000


async def _asked(world: World, name: str) -> list[Question]:
    """Give what a collector asks."""
    session = world.session()
    await world.collectors()[name].collect(session, world.clock.now())
    return session.wire.asked


@pytest.fixture
def world() -> World:
    """Give a cluster that is well."""
    return make_world()


async def test_every_question_for_statistics_takes_what_there_is_of_all_nodes_by_their_numbers(world: World) -> None:
    questions = [question for question in await _asked(world, "statistics") if question.path == CURRENT]
    assert questions
    for question in questions:
        assert set(question.query) == {"keys", "devid", "degraded", "show_nodes", "timeout"}
        assert (question.query["devid"], question.query["degraded"], question.query["show_nodes"]) == ("all", "true", "true")
        assert 1 <= int(question.query["timeout"]) < world.session().options.timeout  # the cluster gives up before we do
        assert len(question.query["keys"]) <= 7000
        assert len(set(question.query["keys"].split(","))) == question.query["keys"].count(",") + 1


async def test_truths_are_written_as_the_api_writes_them_and_every_line_is_short(world: World) -> None:
    for name in world.collectors():
        for question in await _asked(world, name):
            assert not {"True", "False"} & set(question.query.values()), name
            assert len(question.path) + sum(map(len, (*question.query, *question.query.values()))) < LINE, name


async def test_no_question_carries_a_password_or_asks_for_another_session(world: World) -> None:
    for name in world.collectors():
        session = world.session()
        await world.collectors()[name].collect(session, world.clock.now())
        assert session.wire.logins == 1
        for question in session.wire.asked:
            assert set(question.headers) == {"Cookie", "Origin", "X-CSRF-Token"}, name
            assert question.method == "GET", name
            assert question.body is None, name


async def test_names_are_never_resolved_for_us(world: World) -> None:
    (question,) = [one for one in await _asked(world, "clients_summary") if "summary" in one.path]
    assert question.query["numeric"] == "true"
    assert all("resolve_names" not in one.query for one in await _asked(world, "quotas"))


async def test_a_list_whose_next_page_has_expired_is_a_bad_answer_and_no_short_list(world: World) -> None:
    for number in range(1200):
        world.source.cluster.quotas.add(Quota("", f"/ifs/many/{number}", Limits(hard=10**9), Usage(5)))

    def late(_: int, question: Question, answer: Answer) -> Answer:
        if question.path == QUOTAS and "resume" not in question.query:
            world.clock.move(TOKEN_LIFE + 1)
        return answer

    with pytest.raises(BadAnswer, match="Invalid resume token"):
        await world.reading(world.collectors()["quotas"], late)


async def test_a_cluster_that_wants_single_sign_on_says_so_and_is_not_asked_again(world: World) -> None:
    session = world.session()
    refusal = {"errors": [{"code": "AEC_FORBIDDEN", "message": "Password sessions are disabled: SSO is required"}]}
    session.wire.login = Answer(403, JSON, {}, json.dumps(refusal).encode())
    for _ in range(3):
        with pytest.raises(AuthenticationFailed, match="does not let") as caught:
            await session.identify()
    assert "single sign-on" in caught.value.hint
    assert session.wire.logins == 1


async def test_a_session_that_tells_no_end_is_used_until_the_cluster_ends_it(world: World) -> None:
    session = world.session()
    nought = {"services": ["platform"], "timeout_absolute": 0, "timeout_inactive": 0, "username": "monitor"}
    session.wire.login = replace(session.wire.login, body=json.dumps(nought).encode())
    for _ in range(20):
        await session.latest()
        await session.identify()
        world.clock.move(3600.0)
    assert session.wire.logins == 1


async def test_a_quota_whose_fields_the_account_may_not_see_gives_what_it_may(world: World) -> None:
    seen = {"path", "type", "id", "thresholds", "enforced"}

    def hide(_: int, question: Question, answer: Answer) -> Answer:
        if question.path != QUOTAS:
            return answer
        listed = json.loads(answer.body)
        listed["quotas"] = [{name: one[name] for name in one if name in seen} for one in listed["quotas"]]
        return replace(answer, body=json.dumps(listed).encode())

    reading = await world.reading(world.collectors()["quotas"], hide)
    told = {metric for metric, _ in series(reading)}
    assert {"powerscale_quota_hard_limit_bytes", "powerscale_quota_enforced"} <= told
    assert not {"powerscale_quota_usage_bytes", "powerscale_quota_inodes", "powerscale_quota_ready"} & told
    assert reading.drift == {}


async def test_errors_beside_the_nodes_of_an_answer_cost_the_others_nothing(world: World) -> None:
    def beside(_: int, question: Question, answer: Answer) -> Answer:
        if "/cluster/nodes" not in question.path:
            return answer
        found = json.loads(answer.body)
        excuse = {"code": "AEC_EXCEPTION", "field": "lnn", "id": 3, "lnn": 3, "message": "timed out", "status": 500}
        nodes = [one for one in found["nodes"] if one["lnn"] != 3]
        return replace(answer, body=json.dumps({**found, "errors": [excuse], "nodes": nodes}).encode())

    reading = await world.reading(world.collectors()["nodes"], beside)
    answers = {labels[0]: value for (metric, labels), value in series(reading).items() if metric == "powerscale_node_answers"}
    assert answers == {"1": 1.0, "2": 1.0, "3": 0.0}
    assert reading.complete == frozenset()


def test_an_answer_can_be_larger_than_any_that_a_cluster_of_252_nodes_gives() -> None:
    assert LARGEST_ANSWER > 10 * 3_000_000
