"""Makes untrusted text harmless to show: nothing invisible, nothing endless, nothing that moves the cursor.

Paths, event messages and names come from devices and from whoever may write on them. What is removed is counted, so
that two names which only look the same can still be told apart. Letters are never changed: a path stays literal.
"""

from __future__ import annotations

from mendwatch.model.text import visible

#: How much of one value is shown.
LONGEST = 240


class Line(str):
    """A line that was put together from cleaned parts and must not be cut as if it were one value."""

    __slots__ = ()


def untrusted(value: object, longest: int = LONGEST) -> str:
    """Give a value as text without hidden characters, cut at `longest`, with a remark on what is missing."""
    text = value if isinstance(value, str) else str(value)
    shown = "".join(character for character in text[: longest * 8] if visible(character))
    hidden = len(text[: longest * 8]) - len(shown)
    rest = max(len(text) - longest * 8, 0) + max(len(shown) - longest, 0)
    remarks = ([f"{hidden} hidden removed"] if hidden else []) + ([f"{rest} more"] if rest else [])
    return shown[:longest] + (f" [{', '.join(remarks)}]" if remarks else "")


def finalize(value: object) -> object:
    """Clean everything that an expression in a template puts out; numbers stay as they are."""
    if isinstance(value, (Line, int, float)):
        return value
    return untrusted(value)
