"""Ways to damage an answer, and what each leaves true of the numbers in it. It knows JSON and no field of anything.

SAME    the answer says the same in other words: every number must stay
LOST    one value can no longer be understood: numbers may go, none may change
OTHER   one value is another legal one: only numbers that depend on it may change
BROKEN  the answer as a whole is no answer: no number at all may come of it, or all of them if it is still legal
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]
Json = Any
NESTED = 2_000


class Law(StrEnum):
    """What must be true of the numbers of a damaged answer."""

    SAME = "same"
    LOST = "lost"
    OTHER = "other"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Damage:
    """One damage: the body that comes instead, and the law that holds for it; `path` is where it was done, `how` its name."""

    body: bytes
    law: Law
    how: str
    path: Path = ()
    before: Json = None
    after: Json = None


def places(value: Json, path: Path = ()) -> Iterator[Path]:
    """Give the way to every value inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from places(inner, (*path, name))


def at(value: Json, path: Path) -> Json:
    """Give what lies at the end of a way."""
    for part in path:
        value = value[part]
    return value


def without(body: bytes, path: Path) -> bytes:
    """Give an answer without one of its values."""
    answer = json.loads(body)
    del at(answer, path[:-1])[path[-1]]
    return json.dumps(answer).encode()


def replaced(body: bytes, path: Path, value: Json) -> bytes:
    """Give an answer with another value in one place."""
    answer = json.loads(body)
    at(answer, path[:-1])[path[-1]] = value
    return json.dumps(answer).encode()


def _renamed(body: bytes, path: Path) -> bytes:
    answer = json.loads(body)
    parent = at(answer, path[:-1])
    parent[f"{path[-1]}_renamed"] = parent.pop(path[-1])
    return json.dumps(answer).encode()


def damaged(body: bytes, ways: list[Path], dice: random.Random) -> Damage:
    """Damage an answer in one of its places, or as a whole (one time in six)."""
    if not ways or dice.random() < 1 / 6:
        how = dice.choice(list(_WHOLE))
        law, change = _WHOLE[how]
        return Damage(change(body, dice), law, how)
    path = dice.choice(ways)
    before = at(json.loads(body), path)
    if dice.random() < 1 / 6:
        return Damage(without(body, path), Law.LOST if isinstance(path[-1], str) else Law.OTHER, "dropped", path, before)
    if isinstance(path[-1], str) and dice.random() < 1 / 12:
        return Damage(_renamed(body, path), Law.LOST, "renamed", path, before)
    how, law, after = dice.choice(list(_others(before, dice)))
    return Damage(replaced(body, path, after), law, how, path, before, after)


def _others(value: Json, dice: random.Random) -> Iterator[tuple[str, Law, Json]]:
    """Give what may come instead of a value."""
    if value is None:
        yield "something", Law.OTHER, dice.choice([7, "x", True, [], {}, _deep()])
        return
    yield from (("null", Law.LOST, None), ("deep", Law.LOST, _deep()))
    if isinstance(value, bool):
        yield from (("as text", Law.SAME, str(value).lower()), ("flipped", Law.OTHER, not value), ("number", Law.OTHER, 7.5))
    elif isinstance(value, int | float):
        yield from _numbers(value, dice)
    elif isinstance(value, str):
        yield from _texts(value, dice)
    elif isinstance(value, dict):
        yield from _objects(value, dice)
    elif isinstance(value, list):
        yield from _lists(value, dice)


def _numbers(value: float, dice: random.Random) -> Iterator[tuple[str, Law, Json]]:
    yield "as text", Law.SAME, json.dumps(value)
    yield from (("no number", Law.LOST, word) for word in ("n/a", "", "1,5", "0x10", [], {}))
    yield from (("not finite", Law.LOST, float(word)) for word in ("nan", "inf", "-inf"))
    yield "huge", Law.LOST, 10**400
    yield "other number", Law.OTHER, value + dice.choice([1, 3, 1000])
    yield "other number", Law.OTHER, value * 3 + 7
    yield "other number", Law.OTHER, dice.choice([0, -1, 0.5, 1e18, 2**63])
    yield "truth", Law.OTHER, dice.random() < 0.5


def _texts(value: str, dice: random.Random) -> Iterator[tuple[str, Law, Json]]:
    yield from (("no text", Law.OTHER, other) for other in ([], {}, 5, False))
    yield "other word", Law.OTHER, dice.choice(["", "new_in_a_later_release", value + "2", value.upper(), "héllo ☃ 𝄞", "a" * 5000])
    yield "half a pair", Law.OTHER, value + "\ud83d"
    yield "control", Law.OTHER, 'a"b\\c\nd\x00e</script>'


def _objects(value: dict[str, Json], dice: random.Random) -> Iterator[tuple[str, Law, Json]]:
    yield "extra key", Law.SAME, {**value, "new_in_a_later_release": dice.choice([None, 5, "x", [], {"a": [1]}])}
    yield "other order", Law.SAME, dict(reversed(value.items()))
    yield "no object", Law.OTHER, dice.choice([[], "x", 5, True, [value]])


def _lists(value: list[Json], dice: random.Random) -> Iterator[tuple[str, Law, Json]]:
    yield "empty", Law.OTHER, []
    yield "no list", Law.OTHER, dice.choice([{}, "x", 5, True, {"0": value}])
    yield "odd entry", Law.OTHER, [*value, dice.choice([None, 5, "x", [], {}, True])]
    if value:
        yield "twice", Law.OTHER, [*value, dice.choice(value)]
        yield "reversed", Law.OTHER, list(reversed(value))


def _deep() -> Json:
    value: Json = 5
    for _ in range(NESTED // 10):
        value = {"a": [value]}
    return value


def _flipped(body: bytes, dice: random.Random) -> bytes:
    found = bytearray(body)
    found[dice.randrange(len(found))] = dice.randrange(256)
    return bytes(found)


def _pretty(body: bytes, _: random.Random) -> bytes:
    return json.dumps(json.loads(body), indent=1, ensure_ascii=False).encode()


def _very_deep(_: bytes, __: random.Random) -> bytes:
    return b'{"a":' * NESTED + b"1" + b"}" * NESTED


_WHOLE: dict[str, tuple[Law, Callable[[bytes, random.Random], bytes]]] = {
    "cut": (Law.BROKEN, lambda body, dice: body[: dice.randrange(len(body))]),
    "flipped byte": (Law.OTHER, _flipped),
    "pretty": (Law.SAME, _pretty),
    "page": (Law.BROKEN, lambda *_: b"<!DOCTYPE html><html><body>It works!</body></html>"),
    "nothing": (Law.BROKEN, lambda *_: b""),
    "null": (Law.BROKEN, lambda *_: b"null"),
    "bare list": (Law.BROKEN, lambda body, _: b"[" + body + b"]"),
    "bare errors": (Law.BROKEN, lambda *_: b'[{"code": "AEC_EXCEPTION", "message": "no"}]'),
    "text": (Law.BROKEN, lambda *_: b'"OK"'),
    "no object of ours": (Law.BROKEN, lambda *_: b'{"something": "else"}'),
    "very deep": (Law.BROKEN, _very_deep),
}
