"""Tokens in SQL: kept by the SHA-256 of their secret; looking one up writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import NotFound
from mendwatch.model.controls import ControlKind
from mendwatch.model.principals import Role, Token
from mendwatch.store import bearer, controls, delegations, ids, moments, queries
from mendwatch.store.audit import SqlAudit
from mendwatch.store.database import Database
from mendwatch.store.rows import token_of, token_row


class SqlTokens:
    """Makes tokens, recognises them, ends them."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def create(
        self, name: str, role: Role, *, expires_at: datetime | None, actor: str, person: str = "", model: bool = False
    ) -> tuple[Token, str]:
        """Make a token and give its secret, this once."""

        async def work(connection: AsyncConnection) -> tuple[Token, str]:
            token, secret = bearer.made(name, role, expires_at, moments.now(connection, self._clock), person=person, model=model)
            await connection.execute(queries.TOKEN_ADD, {**token_row(token), "sha256": bearer.sha256_of(secret)})
            await self._audit.write(connection, bearer.created_fact(token, actor))
            return token, secret

        return await self._database.write(work)

    async def authenticate(self, secret: str) -> Token | None:
        """Give the living token of a secret, or None."""
        token_id = bearer.id_of(secret)
        if token_id is None:
            return None
        row = await self._database.read(lambda connection: _row(connection, token_id))
        token, sha256 = (None, None) if row is None else (token_of(row), row["sha256"])
        now = self._clock.now()
        admitted = bearer.admitted(secret, token, sha256, now)
        if admitted is None or not bearer.lends_a_word(admitted):
            return admitted
        lent = await self._database.read(lambda connection: controls.listed(connection, ControlKind.DELEGATION))
        held = delegations.held_by(lent, admitted.person, now)
        return admitted if held is None else replace(admitted, acting_for=held.giver)

    async def list(self) -> Sequence[Token]:
        """Give all tokens, newest first."""

        async def work(connection: AsyncConnection) -> Sequence[Token]:
            return [token_of(row) for row in (await connection.execute(queries.TOKEN_LIST)).mappings()]

        return await self._database.read(work)

    async def revoke(self, token_id: str, *, actor: str) -> Token:
        """End a token now; one that was ended stays as it is."""

        async def work(connection: AsyncConnection) -> Token:
            row = await _row(connection, token_id)
            if row is None:
                raise NotFound(f"there is no token {ids.shown(token_id)}", hint="See `mendwatch token list`.")
            now = moments.now(connection, self._clock)
            done = await connection.execute(queries.TOKEN_REVOKE, {"token_id": token_id, "moment": now})
            token = bearer.revoked(token_of(row), now)
            if done.rowcount:
                await self._audit.write(connection, bearer.revoked_fact(token, actor))
            return token

        return await self._database.write(work)


async def _row(connection: AsyncConnection, token_id: str) -> RowMapping | None:
    return (await connection.execute(queries.TOKEN_GET, {"token_id": token_id})).mappings().one_or_none()
