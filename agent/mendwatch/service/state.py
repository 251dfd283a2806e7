"""Opening the state: the folder, the audit key and the database, alike for the agent and the command line."""

from __future__ import annotations

from pathlib import Path

from mendwatch.clock import Clock, SystemClock
from mendwatch.config import secrets
from mendwatch.config.settings import Settings
from mendwatch.errors import StoreError
from mendwatch.store import keys, sql
from mendwatch.store.interface import Store

AUDIT_KEY = "audit.key"
#: The file in the state folder that holds the URL of the running agent.
ADDRESS = "agent.url"


async def open_state(settings: Settings, clock: Clock | None = None, *, newer: bool = False) -> Store:
    """Open the store that the settings name; makes the state folder with mode 0700 and the audit key with 0600.

    `newer` brings older tables on PostgreSQL up to date, which those of SQLite always are.

    Raises:
        StoreError: the folder, the key or the database cannot be used.
        ConfigurationError: the password cannot be read.
    """
    password = password_of(settings)
    key = audit_key(settings)
    return await sql.open_store(settings.state_url, key=key, clock=clock or SystemClock(), password=password, newer=newer)


def password_of(settings: Settings) -> str | None:
    """Give the password of the database's user; None where there is none. Raises ConfigurationError where it cannot be read."""
    if settings.state_password is None:
        return None
    return secrets.resolve(settings.state_password, Path()).reveal()


def audit_key(settings: Settings) -> bytes:
    """Give the key of the audit; the folder and the key are made where there are none. Raises StoreError."""
    folder = settings.state_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreError(f"the state folder {folder} cannot be made: {problem}") from problem
    return keys.load_or_create(folder / AUDIT_KEY)
