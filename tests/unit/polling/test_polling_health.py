"""A failure is told once, and so is its recovery."""

from __future__ import annotations

import pytest

from mendwatch.polling.health import Health, News, judge
from mendwatch.polling.standby import Ending


def story(*steps: tuple[str, Ending] | tuple[str, Ending, bool]) -> list[News]:
    health, told = Health(), []
    for collector, ending, *timed_out in steps:
        health, news = judge(health, collector, ending, timed_out=bool(timed_out and timed_out[0]))
        told.append(news)
    return told


def test_the_first_answer_is_told_once() -> None:
    assert story(("a", Ending.OK), ("b", Ending.OK), ("a", Ending.OK)) == [News.UP, News.NOTHING, News.NOTHING]


@pytest.mark.parametrize("ending", [Ending.UNREACHABLE, Ending.THROTTLED, Ending.AUTHENTICATION_FAILED])
def test_an_outage_is_told_once_however_many_collectors_meet_it(ending: Ending) -> None:
    told = story(("a", ending), ("b", ending), ("a", ending), ("b", Ending.OK), ("a", Ending.OK))

    assert told == [News.FAILING, News.NOTHING, News.NOTHING, News.RECOVERED, News.NOTHING]


def test_one_endpoint_that_always_hangs_is_told_once_while_the_others_answer() -> None:
    round_ = (("slow", Ending.UNREACHABLE, True), ("quick", Ending.OK))

    assert story(*round_, *round_, *round_) == [News.FAILING, *[News.NOTHING] * 5]


def test_a_hanging_endpoint_that_answers_again_is_told_as_a_recovery() -> None:
    told = story(("slow", Ending.UNREACHABLE, True), ("quick", Ending.OK), ("slow", Ending.OK))

    assert told[-1] is News.RECOVERED


@pytest.mark.parametrize("ending", [Ending.DENIED, Ending.UNSUPPORTED, Ending.BAD_ANSWER, Ending.BUG])
def test_a_collectors_own_fault_is_told_once_and_is_none_of_the_target(ending: Ending) -> None:
    health, first = judge(Health(up=True), "a", ending)
    health, second = judge(health, "a", ending)

    assert (first, second) == (News.COLLECTOR_FAILING, News.NOTHING)
    assert not health.failing
    assert judge(health, "a", Ending.OK)[1] is News.COLLECTOR_RECOVERED


def test_a_bug_of_ours_says_nothing_about_the_target() -> None:
    health, _ = judge(Health(), "a", Ending.BUG)

    assert health.up is None
