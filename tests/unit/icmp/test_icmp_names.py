"""Names: looked up once, kept for a while, and never waited for longer than a poll can."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_icmp import names
from mendwatch_icmp.names import KEPT, KEPT_MISSING, Names, address_of
from mendwatch_icmp.wire import Address


class Resolver:
    """Answers from a table, and counts; names that hang wait until the test ends."""

    def __init__(self, **table: Address | None) -> None:
        self.table, self.asked = table, list[str]()
        self.hanging, self.release = set[str](), threading.Event()

    def __call__(self, name: str, _: int | None) -> Address | None:
        self.asked.append(name)
        if name in self.hanging:
            self.release.wait(10)
        return self.table.get(name)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    found = Resolver(a=("192.0.2.1", 0))
    monkeypatch.setattr(names, "_first", found)
    return found


async def test_an_answer_is_kept_for_a_while_and_a_missing_one_for_less(resolver: Resolver) -> None:
    clock = FakeClock()
    known = Names("any", clock)
    for later, asked in ((0.0, 2), (KEPT_MISSING - 1, 2), (2.0, 3), (KEPT, 5)):
        clock.move(later)
        assert await known.resolve(["a", "gone"]) == {"a": ("192.0.2.1", 0), "gone": None}
        assert len(resolver.asked) == asked
    known.close()


async def test_a_name_that_hangs_is_unknown_and_keeps_no_other_from_its_answer(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "LOOKUP", 0.05)
    resolver.hanging.add("slow")
    known = Names("any", FakeClock())
    assert await known.resolve(["slow", "a", "10.0.0.1"]) == {"a": ("192.0.2.1", 0), "10.0.0.1": ("10.0.0.1", 0)}
    assert await known.resolve(["slow", "a"]) == {"a": ("192.0.2.1", 0)}
    assert resolver.asked.count("slow") == 1, "one question at a time for each name"
    resolver.release.set()
    known.close()
    await asyncio.sleep(0)


async def test_an_old_answer_counts_until_the_new_one_is_there(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LOOKUP", 0.05)
    clock = FakeClock()
    known = Names("any", clock)
    await known.resolve(["a"])
    clock.move(KEPT + 1)
    resolver.hanging.add("a")
    assert await known.resolve(["a"]) == {"a": ("192.0.2.1", 0)}
    resolver.release.set()
    known.close()
    await asyncio.sleep(0)


async def test_the_systems_resolver_knows_this_machine_and_no_invalid_name() -> None:
    for family, expected in (("ipv4", ("127.0.0.1", 0)), ("any", ("127.0.0.1", 0))):
        known = Names(family, FakeClock())
        found = await known.resolve(["localhost", "no-such-host.invalid", "a" * 70, "xn--\udcff"])
        known.close()
        assert found == {"localhost": expected, "no-such-host.invalid": None, "a" * 70: None, "xn--\udcff": None}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", ("192.0.2.7", 0)),
        ("2001:DB8:0:0::1", ("2001:db8::1", 0, 0, 0)),
        ("::ffff:192.0.2.7", ("::ffff:192.0.2.7", 0, 0, 0)),
        ("fe80::1%7", ("fe80::1", 0, 0, 7)),
        ("fe80::1%no-such-link", ("fe80::1", 0, 0, 0)),
        ("name", None),
        ("192.0.2", None),
        ("0127.0.0.1", None),
    ],
)
def test_an_address_is_spelled_as_the_kernel_spells_it(text: str, address: Address | None) -> None:
    assert address_of(text) == address
