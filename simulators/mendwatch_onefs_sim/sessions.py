"""Logins as OneFS keeps them: an absolute end, an inactive end, a CSRF token, and cookies that are replaced in use.

Since OneFS 9.3 using a session does not extend the life of its cookie; once half of it is over, answers carry a new one.
It must not know HTTP's library: it takes and gives values.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mendwatch_onefs_sim.privileges import PERMISSIONS

ABSOLUTE = 14_400
INACTIVE = 900
#: A cookie with no more seconds than this before its inactive end is replaced by the answer to its next request.
_REPLACE_BELOW = 450
#: The one address of a cluster that has no address per node.
ANY_NODE = 1


@dataclass(frozen=True, slots=True)
class Account:
    """One user; `writes` is whether its privileges are read and write, or read only.

    `privileges` are those that it has with what each permits (r, x or w); None is every privilege there is.
    """

    name: str
    password: str
    writes: bool
    privileges: Mapping[str, str] | None = None

    def permission(self, privilege: str) -> str | None:
        """Give what the account's privilege permits, or None without it."""
        if self.privileges is None:
            return "w" if self.writes else "r"
        return self.privileges.get(privilege)

    def may(self, kind: str, privilege: str | None = None) -> bool:
        """Tell whether the account may do what is `read` or `write`; without a privilege everybody may."""
        if privilege is None:
            return True
        permission = self.permission(privilege)
        return permission in PERMISSIONS if kind == "read" else permission == "w"


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `cookies` are its live cookie values with the second at which each was given.

    `node` is the logical number of the node that opened it: no other node knows it.
    """

    account: Account
    csrf: str
    services: tuple[str, ...]
    started: float
    cookies: Mapping[str, float]
    node: int = ANY_NODE

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
    """Holds every live session, by its CSRF token, which never changes.

    `inactive` is what logins are told of the inactive end; one release says 0 although sessions end after 900 s as ever.
    """

    def __init__(self, accounts: Mapping[str, Account], inactive: int = INACTIVE) -> None:
        self.inactive = inactive
        self._accounts = dict(accounts)
        self._sessions: dict[str, Session] = {}

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account."""
        return tuple(self._accounts.values())

    def account(self, name: str) -> Account | None:
        """Give an account by its name."""
        return self._accounts.get(name)

    def put(self, account: Account) -> None:
        """Keep an account, new or changed. Sessions that it has open are treated by what it may now."""
        self._accounts[account.name] = account
        changed = {
            key: replace(session, account=account)
            for key, session in self._sessions.items()
            if session.account.name == account.name
        }
        self._sessions.update(changed)

    def check(self, name: object, password: object) -> Account | None:
        """Give the account if the password is right."""
        account = self._accounts.get(str(name))
        if account is None or not isinstance(password, str):
            return None
        return account if hmac.compare_digest(account.password.encode(), password.encode("utf-8", "surrogatepass")) else None

    def open(self, account: Account, services: tuple[str, ...], now: float, node: int = ANY_NODE) -> tuple[Session, str]:
        """Start a session at a node, and give it with its cookie."""
        cookie = secrets.token_urlsafe(24)
        session = Session(account, secrets.token_urlsafe(24), services, now, {cookie: now}, node)
        self._sessions[session.csrf] = session
        return session, cookie

    def find(self, cookie: str, now: float, node: int = ANY_NODE) -> Found | None:
        """Give the session that a cookie belongs to, unless one of its ends has come or another node opened it."""
        session = next((session for session in self._live(now) if cookie in session.cookies), None)
        if session is None or session.node != node:
            return None
        given = session.newest[1]
        if given + INACTIVE - now > _REPLACE_BELOW:
            return Found(session, None)
        return self._replace_cookie(session, now)

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.csrf, None)

    def end_all(self, node: int | None = None) -> None:
        """Forget the sessions of a node, or of all: a node that restarts remembers none."""
        self._sessions = {key: session for key, session in self._sessions.items() if node not in {None, session.node}}

    def count(self, now: float) -> int:
        """Tell how many sessions live."""
        return len(self._live(now))

    def _replace_cookie(self, session: Session, now: float) -> Found:
        cookie = secrets.token_urlsafe(24)
        renewed = replace(session, cookies={**session.cookies, cookie: now})
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
    return session if len(cookies) == len(session.cookies) else replace(session, cookies=cookies)
