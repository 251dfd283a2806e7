"""The chain as arithmetic: every row binds its place and all that went before."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from mendwatch.store import chain
from mendwatch.store.chain import Fact, Link, Verifier
from mendwatch.testing.clock import NOON

KEY = bytes(range(32))


def links(*subjects: str) -> list[Link]:
    """Give a chain with one row per subject."""
    made: list[Link] = []
    for number, subject in enumerate(subjects):
        last = (made[-1].seq, made[-1].mac) if made else None
        made.append(chain.append(KEY, last, Fact("cli:ann", "note", subject, {"b": 1, "a": [2]}), NOON + timedelta(seconds=number)))
    return made


def fault(rows: list[Link]) -> str | None:
    verifier = Verifier(KEY)
    all(verifier.take(row) for row in rows)
    return verifier.verdict().fault


def test_a_mac_covers_the_mac_before_the_number_and_the_record() -> None:
    first, second = links("one", "two")

    assert second.record == (
        b'{"actor":"cli:ann","at":"2026-01-15T12:00:01+00:00","detail":{"a":[2],"b":1},"subject":"two","what":"note"}'
    )
    for row, before in ((first, bytes(32)), (second, first.mac)):
        message = before + row.seq.to_bytes(8, "big") + row.record
        assert row.mac == hmac.new(KEY, message, hashlib.sha256).digest()


def test_a_row_of_another_branch_of_the_chain_does_not_fit() -> None:
    ours, theirs = links("a", "b", "c", "d"), links("a", "x", "c", "d")

    assert fault(ours) is fault(theirs) is None
    assert "row 3 does not match" in str(fault([*ours[:2], theirs[2], ours[3]]))
    assert "row 3 does not match" in str(fault([*ours[:2], *theirs[2:]]))


def test_an_entry_says_what_its_record_says() -> None:
    (row,) = links("\ud800")

    entry = chain.entry_of(row)

    assert (entry.seq, entry.at, entry.actor, entry.what, entry.subject, entry.mac) == (
        1,
        NOON,
        "cli:ann",
        "note",
        "\ud800",
        row.mac.hex(),
    )
    assert entry.detail == {"a": [2], "b": 1}
