"""`POST /-/reload`: whoever has the token of an operator or an approver has rules and remediations loaded anew.

It knows HTTP and who may; what loading is, others know.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mendwatch.errors import MendwatchError, StoreError
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Token

PATH = "/-/reload"
_MAY = {Permission.PROPOSE, Permission.DECIDE}
_HOW = "Make a token by `mendwatch token create --role operator`, and send it as `Authorization: Bearer TOKEN`."


@dataclass(frozen=True, slots=True)
class Reload:
    """The endpoint. `reload` is given who asks as the audit names them, and gives how many rules there are then."""

    authenticate: Callable[[str], Awaitable[Token | None]]
    reload: Callable[[str], Awaitable[int]]

    async def answer(self, request: Request) -> Response:
        """Answer one request: 200, or 422 with every fault, and all goes on as it was."""
        try:
            scheme, _, secret = request.headers.get("authorization", "").partition(" ")
            token = await self.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
            if token is None:
                return _said(401, "a valid bearer token is needed", _HOW, {"WWW-Authenticate": 'Bearer realm="mendwatch"'})
            if not _MAY & PERMISSIONS[token.role]:
                return _said(403, f"a token of role {token.role} may not load rules", _HOW)
            rules = await self.reload(Principal(token.name, "api").actor)
        except StoreError as problem:
            return _said(503, str(problem), problem.hint or "")
        except MendwatchError as problem:
            faults = [{"where": fault.where, "message": fault.message, "hint": fault.hint} for fault in problem.faults]
            return JSONResponse({"error": str(problem), "hint": problem.hint, "faults": faults}, 422)
        return JSONResponse({"rules": rules})


def _said(status: int, error: str, hint: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "hint": hint}, status, headers)
