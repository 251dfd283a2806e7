"""Who asks: sessions and basic authentication on HTTP requests, with the refusals that OneFS gives."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.sessions import ABSOLUTE, Account, Session, Sessions, remaining
from mendwatch_onefs_sim.wire import plain, unauthorized

COOKIE = "isisessid"
CSRF_COOKIE = "isicsrf"
CSRF_HEADER = "X-CSRF-Token"
SERVICES = {"platform", "namespace"}


@dataclass(frozen=True, slots=True)
class Login:
    """A request's account; `session` is None for basic authentication. `replacement` is a new cookie to send, if any."""

    account: Account
    session: Session | None = None
    replacement: str | None = None


def login_of(request: web.Request, sessions: Sessions, now: float, node: int) -> Login | None:
    """Tell who asks the node, or None.

    A session's cookie goes before basic authentication, and needs its CSRF token and an origin on every request:
    clusters refuse reads without them too.
    """
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        account = _basic(request, sessions)
        return None if account is None else Login(account)
    found = sessions.find(cookie, now, node)
    if found is None or not _is_from_us(request, found.session):
        return None
    return Login(found.session.account, found.session, found.replacement)


def attempted_user(request: web.Request, body: object) -> str | None:
    """Give the user name that a refused request carried, for the records."""
    if isinstance(body, dict) and isinstance(body.get("username"), str):
        return str(body["username"])
    pair = _basic_pair(request)
    return None if pair is None else pair[0]


def open_session(sessions: Sessions, body: object, now: float, node: int) -> web.Response:
    """Answer POST /session/1/session at a node.

    Raises:
        PapiError: the body has no user name or names unknown services.
    """
    fields = _login_fields(body)
    account = sessions.check(fields.get("username"), fields.get("password"))
    if account is None:
        return unauthorized()
    services = tuple(fields["services"])
    session, cookie = sessions.open(account, services, now, node)
    response = _session_answer(session, HTTPStatus.CREATED, ABSOLUTE, sessions.inactive)
    response.headers.add("Set-Cookie", session_cookie(cookie))
    response.headers.add("Set-Cookie", f"{CSRF_COOKIE}={session.csrf}; path=/; Secure")
    return response


def show_session(sessions: Sessions, session: Session, now: float) -> web.Response:
    """Answer GET /session/1/session: how long the session still lives."""
    absolute, inactive = remaining(session, now)
    return _session_answer(session, HTTPStatus.OK, absolute, min(inactive, sessions.inactive))


def session_cookie(value: str) -> str:
    """Give the Set-Cookie line of a session."""
    return f"{COOKIE}={value}; path=/; HttpOnly; Secure; SameSite=strict"


def _session_answer(session: Session, status: int, absolute: int, inactive: int) -> web.Response:
    body = {
        "services": list(session.services),
        "timeout_absolute": absolute,
        "timeout_inactive": inactive,
        "username": session.account.name,
    }
    return plain(Answer(status, body))


def _login_fields(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict) or "username" not in body or "password" not in body:
        raise bad_request("A session needs 'username', 'password' and 'services'")
    services = body.get("services")
    if not isinstance(services, list) or not services or not set(services) <= SERVICES:
        raise bad_request("The services of a session are platform and namespace", "services")
    return body


def _is_from_us(request: web.Request, session: Session) -> bool:
    base = f"https://{request.host}"
    origin, referer = request.headers.get("Origin"), request.headers.get("Referer", "")
    known = base in {origin, referer} or referer.startswith(f"{base}/")
    return known and request.headers.get(CSRF_HEADER) == session.csrf


def _basic(request: web.Request, sessions: Sessions) -> Account | None:
    pair = _basic_pair(request)
    return None if pair is None else sessions.check(*pair)


def _basic_pair(request: web.Request) -> tuple[str, str] | None:
    scheme, _, code = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password
