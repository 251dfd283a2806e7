"""Secrets that must be found nowhere: the accounts' passwords and the cookies of every live session, in every spelling."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote as url_quote

from worlds import PASSWORDS, World


def spellings(secret: str) -> list[bytes]:
    """Give a secret as it would stand in a file: plain, base64, URL-encoded."""
    raw = secret.encode()
    return [raw, base64.b64encode(raw), url_quote(secret, safe="").encode()]


def found_in(data: bytes, secrets: dict[str, str] | None = None) -> list[str]:
    """Name the secrets that data holds; by default the passwords."""
    return [name for name, secret in (secrets or PASSWORDS).items() if any(form in data for form in spellings(secret))]


def cookies(world: World) -> dict[str, str]:
    """Give the cookies that would open a session of the cluster now."""
    sessions = world.sim.sessions._sessions.values()
    return {f"cookie of {session.account.name}": cookie for session in sessions for cookie in session.cookies}


def leaks(world: World) -> list[str]:
    """Give every file of a world that holds a secret, but the two password files themselves."""
    allowed = {world.folder / f"{name}.password" for name in PASSWORDS}
    secrets = {**PASSWORDS, **cookies(world)}
    files = (path for path in world.folder.rglob("*") if path.is_file() and path not in allowed)
    return [f"{path}: {', '.join(found)}" for path in files if (found := found_in(_bytes(path), secrets))]


def _bytes(path: Path) -> bytes:
    """Read a file that may go at any moment: a run tidies up behind itself."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
