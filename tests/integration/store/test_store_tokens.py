"""A token's secret is shown once and kept nowhere; only a living token is recognised."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import NotFound, UserError
from mendwatch.model.principals import Role
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make


async def test_a_secret_is_recognised_as_its_token(store: Store, make: Make) -> None:
    token, secret = await store.tokens.create("ann", Role.APPROVER, expires_at=None, actor="cli:root")

    assert re.fullmatch(rf"mw_{token.id}_[A-Za-z0-9_-]{{43}}", secret)
    assert await store.tokens.authenticate(secret) == token
    assert (token.name, token.role, token.created_at) == ("ann", Role.APPROVER, make.clock.now())


async def test_a_secret_that_is_off_by_one_sign_is_not_recognised(store: Store) -> None:
    _, secret = await store.tokens.create("ann", Role.VIEWER, expires_at=None, actor="cli:root")

    for place in (0, 3, len(secret) - 1):
        other = "b" if secret[place] == "a" else "a"
        assert await store.tokens.authenticate(secret[:place] + other + secret[place + 1 :]) is None
    for changed in (f"{secret}x", f" {secret}", secret.upper(), secret[:-1]):
        assert await store.tokens.authenticate(changed) is None


@pytest.mark.parametrize(
    "secret", ["", "mw_", "mw_abcdefgh_" + "x" * 43, "mw_abcdefgh_" + "é" * 43, "\ud800", "x" * 10**6, "mw_abcdefgh_\x00"]
)
async def test_what_is_no_secret_is_not_recognised(store: Store, secret: str) -> None:
    await store.tokens.create("ann", Role.VIEWER, expires_at=None, actor="cli:root")

    assert await store.tokens.authenticate(secret) is None


async def test_one_tokens_secret_does_not_open_another(store: Store) -> None:
    one, first = await store.tokens.create("ann", Role.VIEWER, expires_at=None, actor="cli:root")
    two, _ = await store.tokens.create("bob", Role.APPROVER, expires_at=None, actor="cli:root")

    assert await store.tokens.authenticate(first.replace(one.id, two.id)) is None


async def test_a_token_ends_at_its_time(store: Store, make: Make) -> None:
    token, secret = await store.tokens.create(
        "ann", Role.VIEWER, expires_at=make.clock.now() + timedelta(hours=1), actor="cli:root"
    )
    make.clock.move(3599.999999)
    assert await store.tokens.authenticate(secret) == token

    make.clock.move(0.000001)

    assert await store.tokens.authenticate(secret) is None


async def test_a_revoked_token_is_not_recognised_and_stays_revoked(store: Store, make: Make) -> None:
    token, secret = await store.tokens.create("ann", Role.VIEWER, expires_at=None, actor="cli:root")
    revoked = await store.tokens.revoke(token.id, actor="cli:root")
    make.clock.move(60)

    assert await store.tokens.authenticate(secret) is None
    assert await store.tokens.revoke(token.id, actor="cli:root") == revoked
    assert revoked.revoked_at == make.clock.now() - timedelta(seconds=60)


async def test_a_token_that_is_not_there_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFound, match="no token"):
        await store.tokens.revoke("zzzzzzzz", actor="cli:root")


async def test_tokens_are_listed_newest_first(store: Store) -> None:
    made = [(await store.tokens.create(name, Role.VIEWER, expires_at=None, actor="cli:root"))[0] for name in ("ann", "bob", "ann")]

    assert await store.tokens.list() == made[::-1]


async def test_making_and_ending_a_token_is_written_down_and_using_it_is_not(store: Store) -> None:
    token, secret = await store.tokens.create("ann", Role.APPROVER, expires_at=None, actor="cli:root")
    await store.tokens.authenticate(secret)
    await store.tokens.revoke(token.id, actor="cli:bob")
    await store.tokens.revoke(token.id, actor="cli:bob")

    entries = await store.audit.entries(subject=token.id)
    assert [(entry.actor, entry.what) for entry in entries] == [("cli:root", "token.created"), ("cli:bob", "token.revoked")]
    assert secret[-43:] not in repr(entries)


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb", "\ud800"])
async def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UserError, match="name"):
        await store.tokens.create(name, Role.VIEWER, expires_at=None, actor="cli:root")


async def test_a_token_that_would_be_dead_at_birth_is_refused(store: Store, make: Make) -> None:
    with pytest.raises(UserError, match="in the past"):
        await store.tokens.create("ann", Role.VIEWER, expires_at=make.clock.now(), actor="cli:root")


async def test_the_secret_is_nowhere_in_the_database_files(sql: SqlStore, tmp_path: Path) -> None:
    _, secret = await sql.tokens.create("ann", Role.APPROVER, expires_at=None, actor="cli:root")
    await sql.tokens.authenticate(secret)

    held = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert b"ann" in held
    assert secret[-43:].encode() not in held
