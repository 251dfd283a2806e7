"""Random conditions and random values, for holding one way to answer against another."""

from __future__ import annotations

import math
from random import Random

NUMBERS = ("usage", "limit", "soft")
TEXTS = ("path", "type")
_VALUES = (0.0, -0.0, 1.0, 0.9, 2.0, -3.5, 90.0, 1e-300, 1e300, 1.7e308, -1.7e308, 5e-324)
_WORDS = ("", "a", "ab", "b", "directory", "/ifs/é", "\U0010ffff")


def condition(random: Random, depth: int = 4) -> str:
    """Write a condition; most of them are simple enough for Python, and some are not."""
    if depth <= 0 or random.random() < 0.15:
        return _comparison(random, depth)
    left, right = condition(random, depth - 1), condition(random, depth - 1)
    return random.choice(
        [f"({left} && {right})", f"({left} || {right})", f"!({left})", f"({left} ? {right} : {condition(random, depth - 1)})"]
    )


def _comparison(random: Random, depth: int) -> str:
    sign = random.choice(["<", "<=", ">", ">=", "==", "!="])
    if random.random() < 0.5:
        return f"{_number(random, min(depth, 3))} {sign} {_number(random, 2)}"
    if random.random() < 0.05:
        return random.choice(["[1.0, usage].exists(x, x > limit)", "size(path) > 2", "path.matches('a+')", "limit > 1e999"])
    return random.choice(
        [
            "true",
            "false",
            f"{_text(random)} {sign} {_text(random)}",
            f"{_text(random)} in [{', '.join(_quoted(random) for _ in range(random.randrange(3)))}]",
            f"{_text(random)}.{random.choice(['startsWith', 'endsWith', 'contains'])}({_text(random)})",
            f"{_number(random, 2)} in [{', '.join(_literal(random) for _ in range(random.randrange(1, 3)))}]",
        ]
    )


def _number(random: Random, depth: int) -> str:
    if depth <= 0 or random.random() < 0.4:
        return random.choice(NUMBERS) if random.random() < 0.7 else _literal(random)
    if random.random() < 0.1:
        return f"({_comparison(random, 1)} ? {_number(random, depth - 1)} : {_number(random, depth - 1)})"
    if random.random() < 0.1:
        return f"-({_number(random, depth - 1)})"
    return f"({_number(random, depth - 1)} {random.choice('+-*/')} {_number(random, depth - 1)})"


def _literal(random: Random) -> str:
    return repr(random.choice(_VALUES))


def _text(random: Random) -> str:
    return random.choice(TEXTS) if random.random() < 0.7 else _quoted(random)


def _quoted(random: Random) -> str:
    return f"'{random.choice(_WORDS)}'"


def values(random: Random) -> list[float]:
    """Give a number for each of NUMBERS, NaN where it is missing."""
    return [math.nan if random.random() < 0.15 else random.choice(_VALUES) for _ in NUMBERS]


def texts(random: Random) -> list[str | None]:
    """Give a text for each of TEXTS, None where it is missing."""
    return [None if random.random() < 0.1 else random.choice(_WORDS) for _ in TEXTS]
