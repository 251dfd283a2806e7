"""A hundred conditions that nobody should write: deep, long, looping, ambiguous, or full of characters that break parsers."""

from __future__ import annotations

import functools
from collections.abc import Iterator

TEN = "[1,2,3,4,5,6,7,8,9,10]"
WIDE = "[" + ",".join(["1.0"] * 90) + "]"


def nested(macro: str, depth: int, body: str) -> str:
    """Put macros within each other."""
    names = [f"v{number}" for number in range(depth)]
    return functools.reduce(lambda inner, name: f"{TEN}.{macro}({name}, {inner})", names, body)


def _deep() -> Iterator[str]:
    for count in (30, 200, 3_990, 90_000):
        yield "!" * count + "true"
        yield "-" * count + "usage > 1.0"
        yield "(" * count + "usage" + ")" * count + " > 1.0"
        yield "[" * count
        yield "{" * count
        yield "usage[" * (count // 6)
        yield "path" + ".path" * (count // 6)
        yield "usage ? " * (count // 8)
        yield "usage > 1.0 ? true : " * (count // 21) + "false"
        yield "rate(" * (count // 5) + "usage, 5m" + ")" * (count // 5)
        yield "count_where(" * (count // 12) + "true" + ")" * (count // 12)


def _long() -> Iterator[str]:
    yield "usage" + "+usage" * 24_000 + " > 1.0"
    yield "usage" + "+usage" * 140 + " > 1.0"
    yield "usage" + "*usage" * 600 + " > 1.0"
    yield "true" + " || true" * 130
    yield "true" + " && usage > 1.0" * 200
    yield "path in [" + ",".join(["'a'"] * 450) + "]"
    yield "usage in [" + ",".join(["1"] * 450) + "]"
    yield "usage > " + "9" * 3_900
    yield "usage > " + "9" * 3_900 + ".0"
    yield "usage > " + "9" * 3_900 + "GiB"
    yield "usage > " + "9" * 3_900 + "d"
    yield "usage > " + "1h" * 1_900
    yield "usage > 1e99999"
    yield "usage > 0." + "0" * 3_000 + "1%"
    yield "path == '" + "a" * 3_900 + "'"
    yield "path == '" + "\\\\" * 1_900 + "'"
    yield "path == '" + "\\" * 3_900
    yield "'" * 3_999
    yield '"""' * 1_300
    yield "// " + "x" * 3_900
    yield " " * 3_999
    yield "1" + " " * 3_900 + "% 2 == 0"
    yield "a" * 3_999
    yield "usage > rate(" + "a" * 3_900 + ", 5m)"


def _looping() -> Iterator[str]:
    for macro in ("all", "exists", "exists_one", "filter"):
        for depth in (1, 2, 3, 6, 20):
            yield nested(macro, depth, "v0 > 0")
    yield f"{WIDE}.all(x, {WIDE}.all(y, x / y > usage))"
    yield f"{WIDE}.all(x, " + " && ".join(["x * usage / 3.0 > -1.0"] * 40) + ")"
    yield f"{TEN}.map(x, {TEN}.map(y, {TEN}.map(z, x))).size() > 1"
    yield "['aa'].map(x, x+x)" + ".map(x, x+x)" * 30 + ".size() > 1"
    yield functools.reduce(lambda inner, n: f"['a'+v{n}].exists(v{n + 1}, {inner})", range(20), "true")
    yield f"({TEN}+{TEN}+{TEN}+{TEN}).all(x, ({TEN}+{TEN}+{TEN}).all(y, x + y > 0))"
    yield f"[{TEN},{TEN}].all(x, x.all(y, y > 0))"


def _patterns() -> Iterator[str]:
    yield "path.matches('(a+)+$')"
    yield "path.matches('(a|a)*$')"
    yield "path.matches('(.*a){20}$')"
    yield "path.matches('" + "(a*)*" * 90 + "b')"
    yield "path.matches('" + "(a*)*" * 700 + "b')"
    yield "path.matches('a{1000}{1000}')"
    yield "path.matches('" + "(a{100}){9}" * 40 + "')"
    yield "path.matches('\\\\pL{900}')"
    yield "path.matches(path)"
    yield "path.matches('(' + path + ')+')"
    yield "path.matches('" + "[a-z\\u4e00-\\u9fff]{300}" + "')"
    yield "'" + "a" * 3_000 + "'.matches('(a+)+b')"


def _strange() -> Iterator[str]:
    yield from (
        "\x00",
        "usage > 1.0\x00",
        "\ud800",
        "path == '\ud800'",
        "path == '\U0010ffff'",
        "\u202eusage > 1.0",
        "us\u0430ge > 1.0",
    )
    yield from ("'unfinished", "/* no comment", "has({}.a)", "9223372036854775808 == 1", "timestamp(path) > timestamp('x')")
    yield from (
        "__class__ == 'x'",
        "record.__d0 > 1.0",
        "google.protobuf.Any{} == null",
        "usage > 5XB",
        "5m5 > usage",
        "now.now > 1",
    )
    yield from (
        "[1.0].all(usage, usage > 0.0)",
        "[1.0].all(now, now > 0.0)",
        "dyn(usage).x.y",
        "type(type(usage)) == type",
        "b'\\xff' == b''",
    )


def conditions() -> list[str]:
    """Give all of them."""
    return [*_deep(), *_long(), *_looping(), *_patterns(), *_strange()]
