"""Puts edits into a text, and tells of any place in the new text where it was in the old: people are told what they wrote. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """From `start` to `end`, the text is to be this instead."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text after its edits, which are sorted and do not overlap."""

    text: str
    edits: tuple[Edit, ...]

    def origin(self, at: int) -> int:
        """Give the offset in the old text of an offset in the new one; of what was put in, that of what it replaced."""
        shift = 0
        for edit in self.edits:
            begin = edit.start + shift
            if at < begin:
                break
            if at < begin + len(edit.text):
                return edit.start
            shift += len(edit.text) - (edit.end - edit.start)
        return at - shift


def rewritten(text: str, edits: Iterable[Edit]) -> Rewritten:
    """Apply edits; the same edit twice is one."""
    ordered = tuple(sorted(set(edits), key=lambda edit: (edit.start, edit.end)))
    return Rewritten("".join(_pieces(text, ordered)), ordered)


def _pieces(text: str, edits: Iterable[Edit]) -> Iterator[str]:
    at = 0
    for edit in edits:
        yield text[at : edit.start]
        yield edit.text
        at = edit.end
    yield text[at:]


def place(text: str, at: int) -> tuple[int, int]:
    """Give line and character, from 1, of an offset."""
    line = text.count("\n", 0, at)
    return line + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def offset(text: str, line: int, column: int) -> int:
    """Give the offset of a line and a character, from 1; at most the end of the text."""
    lines = text.split("\n")
    before = sum(len(one) + 1 for one in lines[: line - 1])
    return max(0, min(before + column - 1, len(text)))
