"""Who asks: from a bearer token to a principal. The secret itself is forgotten as soon as it was looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.dependencies import get_access_token

from mendwatch.errors import MendwatchError
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Role, Token

#: Gives the token that a secret belongs to, or None.
Authenticate = Callable[[str], Awaitable[Token | None]]
NOBODY = Principal("nobody", "mcp")


class Verifier(TokenVerifier):
    """Asks the store about each token, so that a revoked one ends with the next request."""

    def __init__(self, authenticate: Authenticate) -> None:
        super().__init__(required_scopes=[Permission.READ.value])
        self._authenticate = authenticate

    async def verify_token(self, token: str) -> AccessToken | None:
        """Give the access that a secret opens, without the secret; none where the state does not answer."""
        try:
            found = await self._authenticate(token)
        except MendwatchError:
            return None
        return None if found is None else _access(found)


def principal() -> Principal:
    """Give who makes the current request; nobody, who may do nothing, where there is no token."""
    access = get_access_token()
    if access is None:
        return NOBODY
    role = Role(access.claims["role"])
    claims = access.claims
    return Principal(
        claims["name"],
        "mcp",
        _permissions(role, claims["acting_for"]),
        person=claims["person"],
        token=access.client_id,
        acting_for=claims["acting_for"],
        model=claims["model"],
    )


def caller() -> str:
    """Give the id of the current request's token, for counting."""
    access = get_access_token()
    return "" if access is None else access.client_id


def _access(token: Token) -> AccessToken:
    return AccessToken(
        token=token.id,
        client_id=token.id,
        subject=token.id,
        scopes=sorted(permission.value for permission in _permissions(token.role, token.acting_for)),
        expires_at=int(token.expires_at.timestamp()) if token.expires_at else None,
        claims={
            "sub": token.id,
            "name": token.name,
            "role": token.role.value,
            "person": token.person,
            "acting_for": token.acting_for,
            "model": token.model,
        },
    )


def _permissions(role: Role, acting_for: str) -> frozenset[Permission]:
    """Give what a role may do; a deputy decides for as long as the delegation lasts, which the store asks again."""
    return PERMISSIONS[role] | ({Permission.DECIDE} if acting_for else set())
