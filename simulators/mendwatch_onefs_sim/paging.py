"""Lists in pages: `limit` first, then calls that carry `resume` and nothing else.

A token remembers where the page ended by the item's own key, so that a list that grows meanwhile skips nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mendwatch_onefs_sim.answers import bad_request
from mendwatch_onefs_sim.calls import Query

Item = TypeVar("Item")

_PREFIX = "1-1-"
_USUAL = 1000
#: Seconds for which a token is good. Dell gives no number; clusters do refuse old ones.
TOKEN_LIFE = 900.0


@dataclass(frozen=True, slots=True)
class Page:
    """What a list request asks for: the filters, how many, and after which item's key (None is from the start)."""

    query: Query
    limit: int
    after: str | None = None


def asked(query: Query, collection: str) -> Page:
    """Read a list request's query.

    Raises:
        PapiError: the token is not one of this list's or too old, or another argument came with it.
    """
    token = query.text("resume")
    if token is None:
        return Page(query, query.number("limit", least=1) or _USUAL)
    if len(query.arguments) > 1:
        raise bad_request("The resume argument cannot be used with other arguments", "resume")
    return _read(token, collection, query.asked)


def cut(page: Page, collection: str, items: Iterable[Item], key: Callable[[Item], str]) -> tuple[Sequence[Item], str | None]:
    """Give the page's items (`items` come in ascending order of `key`) and the token of the next page, or None."""
    rest = [item for item in items if page.after is None or key(item) > page.after]
    taken = rest[: page.limit]
    return taken, _token(page, collection, key(taken[-1])) if len(rest) > len(taken) else None


def _token(page: Page, collection: str, after: str) -> str:
    facts = {
        "collection": collection,
        "limit": page.limit,
        "after": after,
        "at": page.query.asked,
        "query": _plain(page.query.arguments),
    }
    return _PREFIX + base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")


def _plain(arguments: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in arguments.items() if name != "limit"}


def _read(token: str, collection: str, now: float) -> Page:
    invalid = bad_request("Invalid resume token", "resume")
    try:
        text = token.removeprefix(_PREFIX)
        facts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        page = Page(Query(facts["query"], now), int(facts["limit"]), str(facts["after"]))
        expired = now > float(facts["at"]) + TOKEN_LIFE
    except (binascii.Error, ValueError, KeyError, TypeError) as problem:
        raise invalid from problem
    if facts["collection"] != collection or expired:
        raise invalid
    return page
