"""What the garbage collector walks through: not what large readings leave, and everything where memory grew."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from mendwatch.service import garbage


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_put_away_is_not_walked_through_any_more() -> None:
    circle = Circle()
    watched = weakref.ref(circle)
    garbage.put_away()
    del circle
    gc.collect()
    assert watched() is not None


def test_a_circle_that_was_put_away_is_freed_when_everything_is_looked_through() -> None:
    circle = Circle()
    watched = weakref.ref(circle)
    garbage.put_away()
    del circle
    garbage.look_through()
    assert watched() is None


def test_garbage_is_worth_a_look_when_much_more_memory_is_in_use() -> None:
    garbage.look_through()  # what other tests left would be freed meanwhile, and hide what this one leaves
    before = garbage.in_use()
    assert not garbage.worth_a_look(before)

    circles = [Circle() for _ in range(200_000)]
    garbage.put_away()
    del circles
    assert garbage.worth_a_look(before)

    garbage.look_through()
    assert not garbage.worth_a_look(before)
