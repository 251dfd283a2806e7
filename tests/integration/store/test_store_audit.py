"""The audit is a chain: rows come in order, hold any text and no secret, and nothing changes without one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import Refused
from mendwatch.model.runs import RunState
from mendwatch.store.interface import Store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make


async def test_an_empty_chain_is_whole(store: Store) -> None:
    verdict = await store.audit.verify()

    assert (verdict.rows, verdict.head_seq, verdict.head_mac, verdict.fault) == (0, 0, "", None)


async def test_rows_are_given_as_they_were_written(store: Store, make: Make) -> None:
    at = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    written = await store.audit.append("cli:ann", "rules.changed", "rules/a.yaml", {"a": (1, 2.5, None, True), "at": at})

    assert (written.seq, written.at, written.actor, written.what) == (1, make.clock.now(), "cli:ann", "rules.changed")
    assert written.detail == {"a": [1, 2.5, None, True], "at": "2026-01-01T00:00:00+00:00"}
    assert await store.audit.entries() == [written]


async def test_rows_are_found_after_a_place_and_by_subject(store: Store) -> None:
    for number in range(6):
        await store.audit.append("a", "w", f"thing-{number % 2}", {"n": number})

    assert [entry.seq for entry in await store.audit.entries(after=2, limit=3)] == [3, 4, 5]
    assert [entry.detail["n"] for entry in await store.audit.entries(subject="thing-1", after=2)] == [3, 5]


async def test_parallel_writers_make_one_chain(store: Store) -> None:
    await asyncio.gather(*(store.audit.append("a", "w", "s", {"n": n}) for n in range(50)))

    verdict = await store.audit.verify()
    assert (verdict.rows, verdict.fault) == (50, None)


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": [float("-inf")]}, {"x": object()}, {2: "x"}, {"x": b"bytes"}])
async def test_a_detail_that_cannot_be_written_down_is_refused(store: Store, detail: dict[str, object]) -> None:
    with pytest.raises(Refused, match="cannot be written down"):
        await store.audit.append("a", "w", "s", detail)

    assert await store.audit.entries() == []


async def test_a_detail_that_holds_itself_is_refused(store: Store) -> None:
    detail: dict[str, object] = {}
    detail["again"] = detail

    with pytest.raises(Refused, match="holds itself"):
        await store.audit.append("a", "w", "s", detail)


async def test_text_of_any_origin_is_kept_in_the_chain(store: Store) -> None:
    text = "\udcff \x00 \u202e 語 \ud800"

    await store.audit.append(text, text, text, {text: [text]})

    (entry,) = await store.audit.entries(subject=text)
    assert (entry.actor, entry.what, entry.subject, entry.detail) == (text, text, text, {text: [text]})
    assert (await store.audit.verify()).fault is None


async def test_what_looks_like_a_secret_is_withheld(store: Store) -> None:
    secret = "mw_abcdefgh_" + "s" * 43
    await store.audit.append("a", "w", "s", {"Password": "hunter2", "deep": [{"client_secret": "x"}], "said": f"Bearer {secret}!"})

    (entry,) = await store.audit.entries()
    assert entry.detail == {"Password": "[withheld]", "deep": [{"client_secret": "[withheld]"}], "said": "Bearer [withheld]!"}


async def test_an_anchor_that_the_chain_holds_is_accepted(store: Store) -> None:
    first = await store.audit.append("a", "w", "s", {})
    await store.audit.append("a", "w", "s", {})

    assert (await store.audit.verify(anchor=(first.seq, first.mac))).fault is None
    assert "not the one of the anchor" in str((await store.audit.verify(anchor=(1, "0" * 64))).fault)
    assert "tail was cut" in str((await store.audit.verify(anchor=(3, "0" * 64))).fault)


async def test_the_variables_of_a_run_are_in_the_chain_only_as_a_hash(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new(variables={"word": "canary-7"}))
    await store.runs.change(run.id, make.to(RunState.FAILED, outcome={"word": "canary-7"}))

    entries = await store.audit.entries()
    assert "canary-7" not in repr(entries)
    assert [len(str(entry.detail.get("variables_sha256") or entry.detail.get("outcome_sha256"))) for entry in entries] == [64, 64]


async def test_the_head_is_the_newest_row(store: Store) -> None:
    assert await store.audit.head() is None
    await store.audit.append("a", "w", "one", {})
    newest = await store.audit.append("a", "w", "two", {})

    assert await store.audit.head() == newest
