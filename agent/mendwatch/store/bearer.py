"""Bearer secrets as values: how one is made, taken apart and compared. It knows no database."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from datetime import datetime

from mendwatch.errors import UserError
from mendwatch.model.principals import PERMISSIONS, Permission, Role, Token
from mendwatch.store import ids, people
from mendwatch.store.chain import Fact

_SECRET = re.compile(rf"mw_([{ids.ALPHABET}]{{8}})_[A-Za-z0-9_-]{{43}}")
_NAME_SIGNS = 64
#: What an unknown token's secret is compared with, so that the answer takes as long as for a known one.
_NOBODY = hashlib.sha256(b"").hexdigest()


def made(
    name: str, role: Role, expires_at: datetime | None, now: datetime, *, person: str = "", model: bool = False
) -> tuple[Token, str]:
    """Give a new token and its secret: `mw_`, the token's id, `_`, 43 signs that hold 256 random bits.

    Raises:
        UserError: the name is no name, or the token would be dead at birth.
    """
    if not name.strip() or len(name) > _NAME_SIGNS or not name.isprintable():
        raise UserError("a token's name has 1 to 64 printable signs", hint="Name the person or the program that will hold it.")
    if expires_at is not None and expires_at <= now:
        raise UserError(f"a token cannot expire in the past ({expires_at})", hint="Give a later time, or none.")
    if person and not people.plain(person):
        raise UserError(
            "the person of a token has a name of ASCII signs", hint="Give their login: letters that look alike would be two people."
        )
    if model and Permission.DECIDE in PERMISSIONS[role]:
        raise UserError("a model's token decides nothing", hint="Give it the role viewer or operator.")
    token = Token(id=ids.token_id(), name=name, role=role, created_at=now, expires_at=expires_at, person=person, model=model)
    return token, f"mw_{token.id}_{secrets.token_urlsafe(32)}"


def id_of(secret: str) -> str | None:
    """Give the id that a secret names, or None where it cannot be a secret of ours."""
    match = _SECRET.fullmatch(secret)
    return match[1] if match else None


def sha256_of(secret: str) -> str:
    """Give what is kept of a secret. It holds 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def admitted(secret: str, token: Token | None, sha256: str | None, now: datetime) -> Token | None:
    """Give the token if the secret is its own and it is alive now."""
    right = hmac.compare_digest(sha256_of(secret), sha256 or _NOBODY)
    return token if right and token is not None and alive(token, now) else None


def alive(token: Token, now: datetime) -> bool:
    """Whether a token is neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def created_fact(token: Token, actor: str) -> Fact:
    """Give the audit row of a new token."""
    return Fact(
        actor,
        "token.created",
        token.id,
        {
            "name": token.name,
            "role": token.role,
            "expires_at": token.expires_at,
            "person": token.person,
            "model": token.model,
        },
    )


def revoked(token: Token, now: datetime) -> Token:
    """Give the token after its end; one that was ended keeps its first end."""
    return token if token.revoked_at is not None else replace(token, revoked_at=now)


def revoked_fact(token: Token, actor: str) -> Fact:
    """Give the audit row of a token's end."""
    return Fact(actor, "token.revoked", token.id, {"name": token.name, "role": token.role})


def lends_a_word(token: Token | None) -> bool:
    """Whether a token may decide only while its person is somebody's deputy."""
    return token is not None and Permission.DECIDE not in PERMISSIONS[token.role] and bool(token.person) and not token.model
