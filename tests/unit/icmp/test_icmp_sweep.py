"""A sweep over pretended wires and a virtual clock: its pace, its deadline, and what it does when the machine has no room."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_icmp.ledger import Tally
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.sweep import Destination, Plan, Surroundings, sweep
from mendwatch_icmp.wire import Address, OnError, OnReply, Wire

RTT = 2_000_000
START = 10**18


class Machine:
    """A virtual machine: one clock behind both of its times, and a wire whose hosts answer as they are told."""

    dropped = 0

    def __init__(self, *, dead: Sequence[str] = ()) -> None:
        self.clock, self.dead = FakeClock(), set(dead)
        self.sent: list[tuple[float, int, str]] = []
        self.inbox: list[tuple[str, int, int]] = []
        self.errors: list[tuple[str, int, Loss]] = []
        self.refusals: dict[str, list[OSError]] = {}
        self.ready: Callable[[], None] = lambda: None
        self.set_by = 0

    def real(self) -> int:
        return START + self.set_by + int(self.clock.monotonic() * 1e9)

    def steady(self) -> int:
        return int(self.clock.monotonic() * 1e9)

    def request(self, sequence: int) -> bytes:
        return sequence.to_bytes(2, "big")

    def send(self, packet: bytes, address: Address) -> None:
        host, sequence = address[0], int.from_bytes(packet, "big")
        if self.refusals.get(host):
            raise self.refusals[host].pop(0)
        self.sent.append((self.clock.monotonic(), sequence, host))
        if host not in self.dead:
            self.inbox.append((host, sequence, self.real() + RTT))

    def receive(self, on_reply: OnReply, on_error: OnError) -> None:
        for reply in self.inbox:
            on_reply(*reply)
        for error in self.errors:
            on_error(*error)
        self.inbox, self.errors = [], []

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        return

    @contextmanager
    def listen(self, _: Sequence[Wire], ready: Callable[[], None]) -> Iterator[None]:
        self.ready = ready
        yield

    async def sweep(self, hosts: Sequence[str], plan: Plan) -> tuple[float, Mapping[str, Tally]]:
        """Sweep in virtual time, in steps of a millisecond; give how long it took."""
        destinations = [Destination(host, (host, 0), 0) for host in hosts]
        task = asyncio.create_task(sweep([self], destinations, plan, Surroundings(self.clock, self, self.listen)))
        while not task.done():
            await self.clock.advance(0.001)
        return self.clock.monotonic(), task.result()


def _hosts(count: int) -> list[str]:
    return [f"h{number}" for number in range(count)]


async def test_who_answers_is_not_waited_for() -> None:
    took, tallies = await Machine().sweep(_hosts(10), Plan(1, 0.2, 5.0, 1e6))
    assert took < 0.01
    assert [tally.times for tally in tallies.values()] == [[0.002]] * 10


@pytest.mark.parametrize(("count", "rate"), [(250, 20_000), (5000, 20_000)])
async def test_dead_hosts_take_the_timeout_and_less_than_a_second(count: int, rate: float) -> None:
    hosts = _hosts(count)
    took, tallies = await Machine(dead=hosts).sweep(hosts, Plan(1, 0.2, 2.0, rate))
    assert 2.0 <= took <= 3.0
    assert all(tally.lost == {Loss.TIMEOUT: 1} for tally in tallies.values())


async def test_rounds_keep_their_distance_and_have_sequences_of_their_own() -> None:
    machine = Machine()
    await machine.sweep(["a", "b"], Plan(3, 0.2, 1.0, 1e6))
    times = [at for at, _, host in machine.sent if host == "a"]
    assert [later - at for at, later in pairwise(times)] == pytest.approx([0.2, 0.2], abs=0.002)
    assert len({sequence for _, sequence, _ in machine.sent}) == 3


async def test_requests_leave_at_the_rate_and_in_small_bursts() -> None:
    machine = Machine()
    took, _ = await machine.sweep(_hosts(500), Plan(1, 0, 1.0, 1000))
    assert 0.45 <= took <= 0.6
    for window in range(5):
        sent = [at for at, _, _ in machine.sent if window / 10 <= at < (window + 1) / 10]
        assert len(sent) <= 106


async def test_an_error_that_belongs_to_somebody_else_costs_nobody_a_request() -> None:
    machine = Machine(dead=["a"])
    machine.refusals["b"] = [OSError(errno.EHOSTUNREACH, "for a")]
    _, tallies = await machine.sweep(["a", "b"], Plan(1, 0, 0.1, 1e6))
    assert (tallies["b"].answered, tallies["b"].lost) == (1, {})


@pytest.mark.parametrize(
    ("code", "wanted", "reason"),
    [(errno.ENETUNREACH, 1, Loss.UNSENDABLE), (errno.EACCES, 1, Loss.UNSENDABLE), (errno.ENOBUFS, 0, Loss.NOT_SENT)],
)
async def test_what_cannot_be_sent_is_a_loss_unless_this_machine_has_no_room(code: int, wanted: int, reason: Loss) -> None:
    machine = Machine()
    machine.refusals["a"] = [OSError(code, "no")] * 2
    _, tallies = await machine.sweep(["a", "b"], Plan(1, 0, 0.1, 1e6))
    assert (tallies["a"].wanted, tallies["a"].lost) == (wanted, {reason: 1})
    assert tallies["b"].answered == 1


async def test_a_full_socket_is_tried_again_and_nobody_is_left_out() -> None:
    machine = Machine()
    machine.refusals["h1"] = [BlockingIOError(errno.EAGAIN, "full") for _ in range(5)]
    _, tallies = await machine.sweep(_hosts(4), Plan(1, 0, 1.0, 1e6))
    assert [tally.answered for tally in tallies.values()] == [1] * 4
    assert [host for _, _, host in machine.sent] == _hosts(4)


async def test_a_socket_that_stays_full_ends_the_round_and_is_no_loss() -> None:
    machine = Machine()
    machine.refusals["h1"] = [BlockingIOError(errno.EAGAIN, "full") for _ in range(10_000)]
    took, tallies = await machine.sweep(_hosts(3), Plan(1, 0, 0.5, 1e6))
    assert took <= 1.1
    assert [(tally.wanted, tally.answered, tally.lost) for tally in tallies.values()] == [
        (1, 1, {}),
        (0, 0, {Loss.NOT_SENT: 1}),
        (0, 0, {Loss.NOT_SENT: 1}),
    ]


async def test_an_answer_that_says_unreachable_ends_the_wait_with_its_reason() -> None:
    machine = Machine(dead=["a"])

    async def tell() -> None:
        await machine.clock.sleep(0.05)
        ((_, sequence, host),) = machine.sent
        machine.errors.append((host, sequence, Loss.PROHIBITED))
        machine.ready()

    teller = asyncio.create_task(tell())
    took, tallies = await machine.sweep(["a"], Plan(1, 0, 5.0, 1e6))
    await teller
    assert took < 0.1
    assert tallies["a"].lost == {Loss.PROHIBITED: 1}


async def test_a_clock_that_is_set_during_the_sweep_gives_no_wrong_time() -> None:
    machine = Machine(dead=["a"])

    async def answer_after(step: int) -> None:
        await machine.clock.sleep(0.05)
        machine.set_by = step
        machine.inbox.append(("a", machine.sent[0][1], machine.real()))
        machine.ready()

    for step in (300_000_000, -300_000_000):
        setter = asyncio.create_task(answer_after(machine.set_by + step))
        _, tallies = await machine.sweep(["a"], Plan(1, 0, 1.0, 1e6))
        await setter
        assert (tallies["a"].answered, tallies["a"].times, tallies["a"].lost) == (1, [], {})
        machine.sent.clear()


async def test_what_arrived_in_time_and_is_read_last_still_counts() -> None:
    machine = Machine(dead=["a"])
    plan = Plan(1, 0, 0.5, 1e6)
    machine.listen = partial(_late, machine)  # type: ignore[method-assign]
    _, tallies = await machine.sweep(["a"], plan)
    assert tallies["a"].times == [0.4]


@contextmanager
def _late(machine: Machine, _: Sequence[Wire], __: Callable[[], None]) -> Iterator[None]:
    """Put a reply into the socket that nobody is told of, as if the event loop had hung."""

    async def arrive() -> None:
        await machine.clock.sleep(0.45)
        at, sequence, host = machine.sent[0]
        machine.inbox.append((host, sequence, START + int((at + 0.4) * 1e9)))

    task = asyncio.create_task(arrive())
    yield
    assert task.done()
