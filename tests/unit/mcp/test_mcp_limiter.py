"""How often one token may call."""

from __future__ import annotations

from mendwatch.mcp_server.limiter import Limiter, Rate
from mendwatch.testing.clock import FakeClock


def test_a_burst_is_let_through_and_then_the_wait_is_told() -> None:
    limiter = Limiter(Rate(burst=3, per_second=0.5), FakeClock())

    assert [limiter.wait("a") for _ in range(4)] == [0, 0, 0, 2]


def test_waiting_as_told_is_enough() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(burst=1, per_second=0.5), clock)
    limiter.wait("a")
    clock.move(limiter.wait("a"))

    assert limiter.wait("a") == 0


def test_one_token_does_not_use_up_anothers_calls() -> None:
    limiter = Limiter(Rate(burst=1, per_second=0.1), FakeClock())

    assert [limiter.wait("a"), limiter.wait("a") > 0, limiter.wait("b")] == [0, True, 0]


def test_tokens_that_call_no_more_are_forgotten() -> None:
    clock = FakeClock()
    limiter = Limiter(Rate(burst=5, per_second=1), clock)
    for number in range(1000):
        limiter.wait(f"token-{number}")
    clock.move(10)
    limiter.wait("last")

    assert len(limiter) == 1
