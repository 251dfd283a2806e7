"""Whatever goes wrong with any question of any collector reaches the core as its own type: nobody swallows it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from papi_wire import JSON, Bend, World, make_troubled_world, make_world

from mendwatch.errors import AuthenticationFailed, BadAnswer, Denied, TargetError, Throttled, Unreachable
from mendwatch_onefs.wire import Answer, Question

FORBIDDEN = b'{"errors": [{"code": "AEC_FORBIDDEN", "message": "Privilege check failed."}]}'
PAGE = b"<!DOCTYPE html><html><body>401 Unauthorized</body></html>"
HTML = {"Content-Type": "text/html"}
ANSWERS: dict[type[TargetError], Answer | None] = {
    Unreachable: None,
    Throttled: Answer(503, {"Retry-After": "7"}, {}, b""),
    AuthenticationFailed: Answer(401, HTML, {}, PAGE),
    Denied: Answer(403, JSON, {}, FORBIDDEN),
    BadAnswer: Answer(200, JSON, {}, b'{"errors'),
}
#: What a collector can do without, by a part of the path: the error is not worth the rest. All else must pass.
SPARED: dict[tuple[str, str], tuple[type[TargetError], ...]] = {
    # The names of kinds of events; the events themselves carry a name too.
    ("events", "event/eventgroup-definitions"): (BadAnswer,),
    ("events", "event/categories"): (BadAnswer,),
    # One more sentence about a group, if the cluster can tell it.
    ("events", "event/eventlists"): (BadAnswer,),
    # The zone makes a date a moment; the days that are left are told without it.
    ("licences", "cluster/config"): (Denied,),
    ("healthchecks", "cluster/config"): (Denied,),
    # The numbers of nodes stand in the answers as well.
    ("statistics", "cluster/config"): (Denied,),
}
NAMES = sorted(make_world().collectors())


def _failing(at: Question, error: type[TargetError]) -> Bend:
    """Let one question fail, each time that it is asked."""

    def bend(_: int, question: Question, answer: Answer) -> Answer:
        if replace(question, headers={}) != replace(at, headers={}):
            return answer
        spoilt = ANSWERS[error]
        if spoilt is None:
            raise Unreachable("no answer within 10 s")
        return spoilt

    return bend


@pytest.fixture(scope="module")
def world() -> World:
    """Give a cluster on which there is something to ask about everything."""
    return make_troubled_world()


@pytest.mark.parametrize("name", NAMES)
async def test_every_error_of_every_question_reaches_the_core(name: str, world: World) -> None:
    collector, session = world.collectors()[name], world.session()
    await collector.collect(session, world.clock.now())
    assert session.wire.asked
    for question in session.wire.asked:
        for error in ANSWERS:
            spared = next((kinds for (who, part), kinds in SPARED.items() if who == name and part in question.path), ())
            if error in spared:
                assert (await world.reading(collector, _failing(question, error))).size
            else:
                with pytest.raises(error) as caught:
                    await world.reading(collector, _failing(question, error))
                assert type(caught.value) in {error, *error.__subclasses__()}, question


@pytest.mark.parametrize("name", NAMES)
async def test_the_wait_that_a_cluster_asks_for_is_the_one_that_the_core_gets(name: str, world: World) -> None:
    collector, session = world.collectors()[name], world.session()
    await collector.collect(session, world.clock.now())
    with pytest.raises(Throttled) as caught:
        await world.reading(collector, _failing(session.wire.asked[-1], Throttled))
    assert caught.value.after == 7.0


@pytest.mark.parametrize("error", [AuthenticationFailed, Throttled])
async def test_not_even_a_second_try_for_single_values_swallows_what_concerns_the_whole_target(error: type[TargetError]) -> None:
    world = make_world()
    world.source.cluster.steering.fail("node.uptime", 6, 1)
    collector, session = world.collectors()["statistics"], world.session()
    await collector.collect(session, world.clock.now())
    again = session.wire.asked[-1]
    assert again.query["keys"] == "node.uptime"
    with pytest.raises(error):
        await world.reading(collector, _failing(again, error))
    assert (await world.reading(collector, _failing(again, Unreachable))).size


def test_what_is_spared_is_asked_by_somebody() -> None:
    assert {who for who, _ in SPARED} <= set(NAMES)
