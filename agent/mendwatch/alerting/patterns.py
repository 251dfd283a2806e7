"""How large a pattern becomes once RE2 has unfolded its counted repetitions: matching is linear in that, and so is compiling.

A pattern is a text of one line, and `(a{100}){100}` is ten thousand states. An estimate from above is enough to refuse what could
hold the agent. RE2 itself has the last word on what a pattern means. Pure.
"""

from __future__ import annotations

import re

#: How long a pattern may be, and how many states it may have.
LONGEST, MOST_STATES = 2000, 2000

_PIECE = re.compile(
    r"(?P<close>\))|(?P<open>\((?:\?[^:)]*:?)?)|\{(?P<low>\d+)(?:,(?P<high>\d*))?\}[?+]?|\\[pP](?:\{[^}]*\}|.)"
    r"|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\\.|.",
    re.DOTALL,
)
_PROPERTIES = re.compile(r"\\[pP]")
#: States of a Unicode property, and of a set of characters, which UTF-8 spells in several ways.
_PROPERTY, _SET = 400, 6
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_STRING = re.compile(r"""([bBrR]*)('''|\"\"\"|'|")(.*)\2""", re.DOTALL)


def fault(pattern: str) -> str:
    """Give what is wrong with the size of a pattern, or nothing."""
    if len(pattern) > LONGEST:
        return f"the pattern has {len(pattern)} characters, and at most {LONGEST} are allowed"
    found = states(pattern)
    return f"the pattern unfolds to about {found} states, and at most {MOST_STATES} are allowed" if found > MOST_STATES else ""


def states(pattern: str) -> int:
    """Estimate how many states a pattern has."""
    groups: list[list[int]] = [[0]]  # of each open group, the sizes of its parts
    for piece in _PIECE.finditer(pattern):
        if piece["open"] is not None:
            groups.append([0])
        elif piece["close"] is not None and len(groups) > 1:
            inner = sum(groups.pop())
            groups[-1].append(inner + 1)
        elif piece["low"] is not None:
            groups[-1][-1] *= max(int(piece["low"]), int(piece["high"] or 0), 1)
        else:
            groups[-1].append(_size(piece[0]))
    return sum(map(sum, groups))


def _size(piece: str) -> int:
    properties = len(_PROPERTIES.findall(piece))
    return _PROPERTY * properties if properties else _SET if piece[0] in "[." else 1


def unquoted(literal: str) -> str:
    """Give what a text literal of CEL holds."""
    found = _STRING.fullmatch(literal)
    if found is None:
        return literal
    return found[3] if "r" in found[1].lower() else _ESCAPE.sub(_character, found[3])


def _character(found: re.Match[str]) -> str:
    code = next((digits for digits in found.groups()[:3] if digits), None)
    if code is not None:
        return chr(min(int(code, 16), 0x10FFFF))
    return chr(int(found[4], 8)) if found[4] else found[5]
