"""The account of one sweep: a reply counts once, in time, and from who was asked; and the pace and the clocks behind it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mendwatch_icmp.ledger import Ledger
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.pacing import LARGEST_BURST, Bucket
from mendwatch_icmp.stamps import StepGuard

MS = 1_000_000
START = 10**18


def _asked(*hosts: str) -> Ledger:
    ledger = Ledger(hosts, 1.0)
    ledger.round(7).update(dict.fromkeys(hosts, START))
    return ledger


def test_a_reply_gives_the_time_between_the_two_stamps() -> None:
    ledger = _asked("a")
    ledger.answer("a", 7, START + 3 * MS)
    ledger.close()
    assert (ledger.tallies["a"].wanted, ledger.tallies["a"].answered, ledger.tallies["a"].times) == (1, 1, [0.003])


def test_duplicates_strangers_and_other_rounds_are_ignored() -> None:
    ledger = _asked("a", "b")
    ledger.answer("a", 7, START + MS)
    for host, sequence in (("a", 7), ("stranger", 7), ("b", 8)):
        ledger.answer(host, sequence, START + 2 * MS)
        ledger.fail(host, sequence, Loss.OTHER)
    ledger.close()
    assert ledger.tallies["a"].answered == 1
    assert (ledger.tallies["b"].answered, ledger.tallies["b"].lost) == (0, {Loss.TIMEOUT: 1})
    assert ledger.ignored == 6


def test_a_reply_after_the_timeout_is_lost_even_if_somebody_still_listens() -> None:
    ledger = _asked("a")
    ledger.answer("a", 7, START + 1001 * MS)
    assert (ledger.tallies["a"].answered, ledger.tallies["a"].lost) == (0, {Loss.TIMEOUT: 1})


def test_a_reply_that_is_read_late_and_arrived_in_time_is_none_too_late() -> None:
    ledger = _asked("a")
    ledger.answer("a", 7, START + 999 * MS)  # the stamp counts, whenever this is called
    assert ledger.tallies["a"].answered == 1


def test_replies_count_without_a_time_where_the_clock_was_set_or_no_stamp_came() -> None:
    ledger = _asked("a", "b", "c")
    ledger.answer("a", 7, 0)
    ledger.answer("b", 7, START - 5)
    ledger.clock_was_set()
    ledger.answer("c", 7, START + 3_600_000 * MS)
    ledger.close()
    assert [(tally.answered, tally.times, tally.lost) for tally in ledger.tallies.values()] == [(1, [], {})] * 3


def test_an_error_is_a_loss_with_its_reason_and_what_was_not_sent_is_none() -> None:
    ledger = _asked("a", "b")
    ledger.fail("a", 7, Loss.UNREACHABLE)
    ledger.refuse("b", Loss.NOT_SENT)
    ledger.answer("b", 7, START + MS)
    ledger.close()
    assert (ledger.tallies["a"].wanted, ledger.tallies["a"].lost) == (1, {Loss.UNREACHABLE: 1})
    assert (ledger.tallies["b"].wanted, ledger.tallies["b"].answered, ledger.tallies["b"].lost) == (1, 1, {Loss.NOT_SENT: 1})


HOSTS = ("a", "b", "c")
Heard = list[tuple[str, str, int, int]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("answer", "fail", "set")),
            st.sampled_from((*HOSTS, "x")),
            st.integers(6, 8),
            st.integers(-1, 2 * 10**9),
        )
    )
)
def test_whatever_is_heard_every_request_is_accounted_for_once(heard: Heard) -> None:
    ledger = _asked(*HOSTS)
    for what, host, sequence, later in heard:
        if what == "answer":
            ledger.answer(host, sequence, START + later)
        elif what == "fail":
            ledger.fail(host, sequence, Loss.OTHER)
        else:
            ledger.clock_was_set()
    ledger.close()
    for tally in ledger.tallies.values():
        assert tally.wanted == 1 == tally.answered + sum(tally.lost.values())
        assert all(0 < seconds <= 1 for seconds in tally.times)


@given(st.floats(1, 1e6), st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 5000)), min_size=1))
def test_a_bucket_never_lets_more_pass_than_its_rate_and_one_burst(rate: float, steps: list[tuple[float, int]]) -> None:
    bucket, now, passed = Bucket(rate, 100.0), 100.0, 0
    for later, wanted in steps:
        now += later
        allowed = bucket.take(now, wanted)
        passed += allowed
        assert 0 <= allowed <= min(wanted, bucket.burst)
    assert passed <= bucket.burst + (now - 100.0) * rate + 1e-6
    assert 1 <= bucket.burst <= LARGEST_BURST


@given(st.floats(1, 1e6), st.integers(1, 5000))
def test_who_waits_as_long_as_the_bucket_says_may_send(rate: float, wanted: int) -> None:
    bucket = Bucket(rate, 0.0)
    while bucket.take(0.0, wanted):
        pass
    assert bucket.take(bucket.wait(wanted) * 1.000001 + 1e-9, wanted) >= 1


class Clocks:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.wall, self.since_boot = START, 0

    def real(self) -> int:
        return self.wall

    def steady(self) -> int:
        return self.since_boot

    def pass_by(self, nanoseconds: int, *, set_by: int = 0) -> None:
        self.wall += nanoseconds + set_by
        self.since_boot += nanoseconds


def test_a_clock_that_is_set_is_noticed_once_and_one_that_is_slewed_is_not() -> None:
    clocks = Clocks()
    guard = StepGuard(clocks)
    clocks.pass_by(10**9, set_by=500_000)  # as NTP disciplines a clock
    assert not guard.stepped()
    clocks.pass_by(1000, set_by=-2 * 10**9)
    assert guard.stepped()
    assert not guard.stepped()
    clocks.pass_by(1000, set_by=5 * MS)
    assert guard.stepped()


def test_being_suspended_between_two_readings_is_no_step() -> None:
    clocks = Clocks()
    guard = StepGuard(clocks)
    readings = iter([0, 50 * MS])
    clocks.steady = lambda: next(readings)  # type: ignore[method-assign]
    clocks.wall += 40 * MS
    assert not guard.stepped()
