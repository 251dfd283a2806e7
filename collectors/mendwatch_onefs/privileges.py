"""What an account may do, against what is needed: pure, from auth/id to the lines that grant what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from mendwatch.provider import Check, Grade, Need
from mendwatch_onefs.decoding import flag, text

#: OneFS' letters of a permission, from least to most: none, read, execute, write.
_ORDER = "-rxw"
#: The roles that the lines create, by tier; any other role does as well.
ROLES = {"read": "mendwatch-monitor", "write": "mendwatch-remediate"}


class Privilege(msgspec.Struct):
    """One privilege; releases before 9.3 say `read_only` where newer ones have a letter."""

    id: Any = None
    permission: Any = None
    read_only: Any = None


class Token(msgspec.Struct):
    """The caller's access token."""

    privilege: list[Privilege] | None = None


class Caller(msgspec.Struct):
    """The answer of auth/id."""

    ntoken: Token | None = None


def held(caller: Caller) -> Mapping[str, str]:
    """Give the letter of each privilege that the account has."""
    listed = caller.ntoken.privilege if caller.ntoken and caller.ntoken.privilege else []
    return {name: _letter(one) for one in listed if (name := text(one.id))}


def _letter(privilege: Privilege) -> str:
    letter = text(privilege.permission)
    if letter is not None and letter[:1] in _ORDER:
        return letter[:1]
    return "r" if flag(privilege.read_only) is not False else "w"


def judged(needs: Iterable[Need], has: Mapping[str, str], user: str) -> list[Check]:
    """Give one check for each privilege that somebody needs, with the lines that grant those that are missing."""
    by_privilege: dict[str, list[Need]] = {}
    for need in needs:
        by_privilege.setdefault(need.privilege, []).append(need)
    return [_check(name, asking, has.get(name, "-"), user) for name, asking in by_privilege.items()]


def _check(name: str, asking: Sequence[Need], letter: str, user: str) -> Check:
    write = any(need.write for need in asking)
    users = ", ".join(dict.fromkeys(need.who for need in asking))
    wanted = "w" if write else "r"
    if _ORDER.find(letter) >= _ORDER.index(wanted):
        return Check(f"privilege {name}", Grade.OK, f"{'write' if write else 'read'}, for {users}")
    return Check(
        f"privilege {name}",
        Grade.FAILED,
        f"{user!r} may not {'change' if write else 'read'} what {users} needs",
        "Type the lines on the cluster, as an administrator.",
        grants(ROLES[asking[0].tier], user, [(name, wanted)]),
    )


def grants(role: str, user: str, missing: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Give the lines that grant privileges to an account by a role of its own; the first two may be done already.

    A shell must take them as they are: an account of a domain has a backslash in its name.
    """
    added = (f"isi auth roles modify {role} --add-priv-{'write' if letter == 'w' else 'read'} {name}" for name, letter in missing)
    return (f"isi auth roles create {role}", f"isi auth roles modify {role} --add-user {shlex.quote(user)}", *added)
