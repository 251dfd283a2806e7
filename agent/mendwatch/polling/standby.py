"""When a target that failed may be asked again: a pure table of states, with time as an argument.

It must not know sessions, schedules or clocks. Times are seconds of one monotonic clock, so that a change of the time of
day neither shortens nor lengthens a rest.

    how a poll ended                    whom it concerns   what follows
    ok, bad answer, denied, unsupported the target         it answered: it is polled again
    unreachable                         the target         stands by 4, 16, 64, 256, then 1024 s each time
    throttled                           the target         waits as long as the target asked
    authentication failed               the target         the credential is stopped; one try an hour
    denied, unsupported                 the collector      rests an hour
    over budget                         nobody             it answered, with too much: next round
    anything else                       nobody             a bug: counted, next round
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from mendwatch import errors

#: Seconds between tries while nothing answers.
BACKOFF = (4.0, 16.0, 64.0, 256.0, 1024.0)
#: Seconds until a stopped credential or a resting collector is tried once more.
HOUR = 3600.0
#: What a target may ask for at most and at least: a nonsensical Retry-After must neither silence it nor be a busy loop.
THROTTLE_MIN, THROTTLE_MAX = 1.0, HOUR


class Ending(StrEnum):
    """How a poll ended."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    AUTHENTICATION_FAILED = "authentication_failed"
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    BAD_ANSWER = "bad_answer"
    OVER_BUDGET = "over_budget"
    BUG = "bug"


class State(StrEnum):
    """What a target or one of its collectors does after it."""

    POLLING = "polling"
    STANDING_BY = "standing_by"
    THROTTLED = "throttled"
    STOPPED = "stopped"
    RESTING = "resting"


#: The endings that concern the whole target.
OF_TARGET = frozenset({Ending.UNREACHABLE, Ending.THROTTLED, Ending.AUTHENTICATION_FAILED})
#: The endings that make one collector rest.
OF_COLLECTOR = frozenset({Ending.DENIED, Ending.UNSUPPORTED})
#: The endings that prove that the target answers and knows us.
ANSWERED = frozenset({Ending.OK, Ending.BAD_ANSWER, Ending.OVER_BUDGET, Ending.DENIED, Ending.UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one target or collector: since when, until when, and how many times in a row nothing answered."""

    state: State = State.POLLING
    since: float = -math.inf
    until: float = -math.inf
    step: int = 0

    def open(self, now: float) -> bool:
        """Tell whether a poll may be made now."""
        return self.state is State.POLLING or now >= self.until


@dataclass(frozen=True, slots=True)
class Pair:
    """Both standings that a poll depends on."""

    target: Standing = field(default_factory=Standing)
    collector: Standing = field(default_factory=Standing)


@dataclass(frozen=True, slots=True)
class Poll:
    """One finished poll: how it ended, when it started and ended, and how long the target asked to be left alone."""

    ending: Ending
    started: float
    ended: float
    wait: float = 0.0


def ending_of(error: BaseException | None) -> Ending:
    """Classify what a collector raised; a type that is not of the error tree is a bug."""
    kinds: tuple[tuple[type[errors.TargetError], Ending], ...] = (
        (errors.Unreachable, Ending.UNREACHABLE),
        (errors.Throttled, Ending.THROTTLED),
        (errors.AuthenticationFailed, Ending.AUTHENTICATION_FAILED),
        (errors.Denied, Ending.DENIED),
        (errors.Unsupported, Ending.UNSUPPORTED),
        (errors.BadAnswer, Ending.BAD_ANSWER),
        (errors.OverBudget, Ending.OVER_BUDGET),
    )
    if error is None:
        return Ending.OK
    return next((ending for kind, ending in kinds if isinstance(error, kind)), Ending.BUG)


def allowed(pair: Pair, now: float, *, force: bool = False) -> bool:
    """Tell whether a poll may be made now.

    `force` is for a person or a run that needs fresh data: it ignores every rest but that of a stopped credential,
    because each try with a wrong password brings the account nearer to being locked.
    """
    if force:
        return pair.target.state is not State.STOPPED or pair.target.open(now)
    return pair.target.open(now) and pair.collector.open(now)


def after(pair: Pair, poll: Poll) -> Pair:
    """Give the standings after a poll: the one function that changes them."""
    return Pair(_target_after(pair.target, poll), _collector_after(pair.collector, poll))


def _target_after(before: Standing, poll: Poll) -> Standing:
    if before.state is not State.POLLING and poll.started <= before.since:
        return before  # it began before the target stood by: one outage is one step, however many collectors met it
    if poll.ending in ANSWERED:
        return Standing()
    if poll.ending is Ending.UNREACHABLE:
        seconds = BACKOFF[min(before.step, len(BACKOFF) - 1)]
        return Standing(State.STANDING_BY, poll.ended, poll.ended + seconds, before.step + 1)
    if poll.ending is Ending.THROTTLED:
        return Standing(State.THROTTLED, poll.ended, poll.ended + _patience(poll.wait))
    if poll.ending is Ending.AUTHENTICATION_FAILED:
        return Standing(State.STOPPED, poll.ended, poll.ended + HOUR)
    return before


def _collector_after(before: Standing, poll: Poll) -> Standing:
    if poll.ending in OF_COLLECTOR:
        return Standing(State.RESTING, poll.ended, poll.ended + HOUR)
    return Standing() if poll.ending in ANSWERED else before


def _patience(wait: float) -> float:
    return min(max(wait, THROTTLE_MIN), THROTTLE_MAX) if math.isfinite(wait) else THROTTLE_MAX
