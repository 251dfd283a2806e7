"""Makes text that people and devices wrote fit to be read by a model: pure.

Paths, event messages and names are attacker-controlled. What is invisible or changes the direction of text is removed, the
rest is folded to its plain form and cut. Values that must stay exact (a plan's variables) are given as JSON with the same
characters escaped, so that nothing invisible leaves the agent either way.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from mendwatch.model.text import visible

LINE, BLOCK, LINES = 240, 2000, 40
_ELLIPSIS = "…"


def clean(text: str, cap: int = LINE) -> str:
    """Give one visible line in its plain form (NFKC), at most `cap` characters long."""
    folded = unicodedata.normalize("NFKC", _seen(text))
    line = " ".join(unicodedata.normalize("NFKC", _seen(folded)).split())
    return line if len(line) <= cap else line[: cap - 1].rstrip() + _ELLIPSIS


def clean_block(text: str) -> str:
    """Give several visible lines, at most LINES of them and BLOCK characters in all."""
    lines = [clean(line) for line in text.split("\n", LINES + 1)]
    kept = "\n".join(lines[:LINES] + ([_ELLIPSIS] if len(lines) > LINES else []))
    return kept if len(kept) <= BLOCK else kept[: BLOCK - 1].rstrip() + _ELLIPSIS


def exact(value: object) -> str:
    """Give a value as JSON that decodes to the very same value; invisible characters are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return "".join(character if visible(character) else json.dumps(character)[1:-1] for character in text)


def _seen(text: str) -> str:
    return "".join(character if visible(character) else " " if character.isspace() else "" for character in text)


#: Field types: whoever builds a shape, its text is clean.
Line = Annotated[str, AfterValidator(clean)]
Block = Annotated[str, AfterValidator(clean_block)]
