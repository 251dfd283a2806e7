"""How runs, tokens and silences are named.

A run is `run-` and ten random signs, such as `run-7k3qz90hxm`: random from the first sign on, because a person types a
prefix, and names that begin with the time share their beginning for days. Order comes from the table, not from the name.
The alphabet has no i, l, o, u, so that nothing is misread aloud; 50 bits are enough for millions of runs (and the table
refuses a double).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from mendwatch.errors import NotFound

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
RUN_PREFIX = "run-"
SILENCE_PREFIX = "sil-"
DELEGATION_PREFIX = "dlg-"
RUN_SIGNS = 10
SHORTEST = 6
_RUN_ID = re.compile(rf"(?:{RUN_PREFIX})?[{ALPHABET}]{{2,{RUN_SIGNS}}}")
_SHOWN = 40


def run_id() -> str:
    """Give a new run's name."""
    return RUN_PREFIX + _signs(RUN_SIGNS)


def token_id() -> str:
    """Give a new token's name."""
    return _signs(8)


def silence_id() -> str:
    """Give a new silence's name."""
    return SILENCE_PREFIX + _signs(8)


def delegation_id() -> str:
    """Give a new delegation's name."""
    return DELEGATION_PREFIX + _signs(8)


def run_prefix(typed: str) -> str:
    """Give the beginning of a run's name that a person typed, with or without `run-`.

    Raises:
        NotFound: no run's name begins so, or it is shorter than six signs.
    """
    if len(typed) < SHORTEST or not _RUN_ID.fullmatch(typed):
        raise NotFound(
            f"{shown(typed)} is no run's id", hint=f"Give the id or its first {SHORTEST} characters; see `mendwatch runs list`."
        )
    return typed if typed.startswith(RUN_PREFIX) else RUN_PREFIX + typed


def only(typed: str, found: Sequence[str]) -> str:
    """Give the one name that was found for what was typed. Raises NotFound where there is none or more than one."""
    if not found:
        raise NotFound(f"there is no run {shown(typed)}", hint="See `mendwatch runs list`.")
    if len(found) > 1:
        raise NotFound(f"{shown(typed)} is the beginning of several runs", hint="Give more characters of the id.")
    return found[0]


def shown(typed: str) -> str:
    """Give what somebody typed, short and harmless to print."""
    return ascii(typed[:_SHOWN])


def _signs(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
