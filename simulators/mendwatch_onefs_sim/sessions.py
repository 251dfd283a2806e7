"""Logins as OneFS keeps them: an absolute end, an inactive end, a CSRF token, and cookies that are replaced in use.

Since OneFS 9.3 using a session does not extend the life of its cookie; once half of it is over, answers carry a new one.
It must not know HTTP's library: it takes and gives values.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

ABSOLUTE = 14_400
INACTIVE = 900
_REPLACE_BELOW = 450

#: Privileges of the cluster that its resources need.
PRIVILEGES = (
    "ISI_PRIV_DEVICES",
    "ISI_PRIV_EVENT",
    "ISI_PRIV_LICENSE",
    "ISI_PRIV_LOGIN_PAPI",
    "ISI_PRIV_QUOTA",
    "ISI_PRIV_STATISTICS",
)


@dataclass(frozen=True, slots=True)
class Account:
    """One user; `writes` is whether its privileges are read and write, or read only."""

    name: str
    password: str
    writes: bool

    def may(self, kind: str) -> bool:
        """Tell whether the account may do what is `read` or `write`."""
        return kind == "read" or self.writes


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `cookies` are its live cookie values with the second at which each was given."""

    account: Account
    csrf: str
    services: tuple[str, ...]
    started: float
    cookies: Mapping[str, float]

    @property
    def newest(self) -> tuple[str, float]:
        """The cookie given last, and when."""
        return max(self.cookies.items(), key=lambda cookie: cookie[1])


@dataclass(frozen=True, slots=True)
class Found:
    """A session that a cookie belongs to, and the new cookie to send, if it is time for one."""

    session: Session
    replacement: str | None


class Sessions:
    """Holds every live session, by its CSRF token, which never changes."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._sessions: dict[str, Session] = {}

    def check(self, name: object, password: object) -> Account | None:
        """Give the account if the password is right."""
        account = self._accounts.get(str(name))
        if account is None or not isinstance(password, str):
            return None
        return account if hmac.compare_digest(account.password.encode(), password.encode("utf-8", "surrogatepass")) else None

    def open(self, account: Account, services: tuple[str, ...], now: float) -> tuple[Session, str]:
        """Start a session, and give it with its cookie."""
        cookie = secrets.token_urlsafe(24)
        session = Session(account, secrets.token_urlsafe(24), services, now, {cookie: now})
        self._sessions[session.csrf] = session
        return session, cookie

    def find(self, cookie: str, now: float) -> Found | None:
        """Give the session that a cookie belongs to, unless one of its ends has come."""
        session = next((session for session in self._live(now) if cookie in session.cookies), None)
        if session is None:
            return None
        given = session.newest[1]
        if given + INACTIVE - now > _REPLACE_BELOW:
            return Found(session, None)
        return self._replace_cookie(session, now)

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.csrf, None)

    def count(self, now: float) -> int:
        """Tell how many sessions live."""
        return len(self._live(now))

    def _replace_cookie(self, session: Session, now: float) -> Found:
        cookie = secrets.token_urlsafe(24)
        renewed = Session(session.account, session.csrf, session.services, session.started, {**session.cookies, cookie: now})
        self._sessions[session.csrf] = renewed
        return Found(renewed, cookie)

    def _live(self, now: float) -> list[Session]:
        kept = [pruned for session in self._sessions.values() if (pruned := _pruned(session, now)) is not None]
        self._sessions = {session.csrf: session for session in kept}
        return kept


def remaining(session: Session, now: float) -> tuple[int, int]:
    """Give the seconds until the absolute and the inactive end."""
    return int(session.started + ABSOLUTE - now), int(session.newest[1] + INACTIVE - now)


def _pruned(session: Session, now: float) -> Session | None:
    if now >= session.started + ABSOLUTE:
        return None
    cookies = {cookie: given for cookie, given in session.cookies.items() if now < given + INACTIVE}
    if not cookies:
        return None
    return Session(session.account, session.csrf, session.services, session.started, cookies)
