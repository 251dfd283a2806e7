"""The table of what follows from each ending of a poll."""

from __future__ import annotations

import math

import pytest

from mendwatch import errors
from mendwatch.polling.standby import BACKOFF, HOUR, Ending, Pair, Poll, Standing, State, after, allowed, ending_of

FRESH = Pair()


def ended(ending: Ending, *, started: float = 100.0, ended: float = 101.0, wait: float = 0.0) -> Poll:
    return Poll(ending, started, ended, wait)


@pytest.mark.parametrize(
    ("ending", "target", "collector", "rest"),
    [
        (Ending.OK, State.POLLING, State.POLLING, 0.0),
        (Ending.UNREACHABLE, State.STANDING_BY, State.POLLING, 4.0),
        (Ending.AUTHENTICATION_FAILED, State.STOPPED, State.POLLING, HOUR),
        (Ending.DENIED, State.POLLING, State.RESTING, HOUR),
        (Ending.UNSUPPORTED, State.POLLING, State.RESTING, HOUR),
        (Ending.BAD_ANSWER, State.POLLING, State.POLLING, 0.0),
        (Ending.OVER_BUDGET, State.POLLING, State.POLLING, 0.0),
        (Ending.BUG, State.POLLING, State.POLLING, 0.0),
    ],
)
def test_each_ending_leads_to_its_own_rest(ending: Ending, target: State, collector: State, rest: float) -> None:
    pair = after(FRESH, ended(ending))

    assert (pair.target.state, pair.collector.state) == (target, collector)
    assert allowed(pair, 101.0 + rest)
    assert rest == 0 or not allowed(pair, 101.0 + rest - 0.001)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, Ending.OK),
        (errors.Unreachable("x"), Ending.UNREACHABLE),
        (errors.Throttled("x", after=3), Ending.THROTTLED),
        (errors.AuthenticationFailed("x"), Ending.AUTHENTICATION_FAILED),
        (errors.Denied("x"), Ending.DENIED),
        (errors.Unsupported("x"), Ending.UNSUPPORTED),
        (errors.BadAnswer("x"), Ending.BAD_ANSWER),
        (errors.OverBudget("x"), Ending.OVER_BUDGET),
        (errors.TargetError("x"), Ending.BUG),
        (errors.StoreError("x"), Ending.BUG),
        (KeyError("x"), Ending.BUG),
    ],
)
def test_the_type_of_an_error_decides(error: Exception | None, ending: Ending) -> None:
    assert ending_of(error) is ending


def test_an_unreachable_target_is_left_alone_longer_each_time_up_to_1024_seconds() -> None:
    pair, now, rests = FRESH, 0.0, []
    for _ in range(7):
        pair = after(pair, ended(Ending.UNREACHABLE, started=now, ended=now))
        rests.append(pair.target.until - now)
        now = pair.target.until

    assert rests == [*BACKOFF, 1024.0, 1024.0]


def test_one_answer_forgets_all_steps() -> None:
    down = after(after(FRESH, ended(Ending.UNREACHABLE)), ended(Ending.UNREACHABLE, started=110, ended=110))

    assert down.target.step == 2
    assert after(down, ended(Ending.OK, started=130)).target == Standing()


def test_collectors_that_met_the_same_outage_count_as_one_step() -> None:
    first = after(FRESH, ended(Ending.UNREACHABLE, started=100, ended=105))

    assert after(first, ended(Ending.UNREACHABLE, started=99, ended=109)) == first


def test_a_poll_that_began_before_the_credential_was_refused_does_not_start_it_again() -> None:
    stopped = after(FRESH, ended(Ending.AUTHENTICATION_FAILED, started=100, ended=105))

    assert after(stopped, ended(Ending.OK, started=104, ended=106)).target == stopped.target


@pytest.mark.parametrize(
    ("asked", "waits"), [(30.0, 30.0), (-5.0, 1.0), (0.0, 1.0), (1e9, HOUR), (math.inf, HOUR), (math.nan, HOUR)]
)
def test_a_throttling_target_is_left_alone_as_long_as_it_asked_within_reason(asked: float, waits: float) -> None:
    pair = after(FRESH, ended(Ending.THROTTLED, wait=asked))

    assert pair.target.state is State.THROTTLED
    assert pair.target.until == 101.0 + waits


def test_a_denied_collector_does_not_stop_the_others() -> None:
    denied = after(FRESH, ended(Ending.DENIED))

    assert not allowed(denied, 200.0)
    assert allowed(Pair(denied.target, Standing()), 200.0)


@pytest.mark.parametrize("ending", [Ending.UNREACHABLE, Ending.THROTTLED, Ending.DENIED, Ending.UNSUPPORTED])
def test_force_ignores_every_rest(ending: Ending) -> None:
    assert allowed(after(FRESH, ended(ending, wait=60)), 101.0, force=True)


def test_force_never_uses_a_stopped_credential() -> None:
    stopped = after(FRESH, ended(Ending.AUTHENTICATION_FAILED))

    assert not allowed(stopped, 101.0 + HOUR - 1, force=True)
    assert allowed(stopped, 101.0 + HOUR, force=True)


def test_a_bug_changes_nothing() -> None:
    down = after(FRESH, ended(Ending.UNREACHABLE))

    assert after(down, ended(Ending.BUG, started=200)) == down
