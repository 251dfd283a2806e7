"""Opening the state: the folder, the audit key and the database, alike for the agent and the command line."""

from __future__ import annotations

from mendwatch.clock import Clock, SystemClock
from mendwatch.config.settings import Settings
from mendwatch.errors import StoreError
from mendwatch.store import keys, sql
from mendwatch.store.interface import Store

AUDIT_KEY = "audit.key"
#: The file in the state folder that holds the URL of the running agent.
ADDRESS = "agent.url"


async def open_state(settings: Settings, clock: Clock | None = None) -> Store:
    """Open the store that the settings name; makes the state folder with mode 0700 and the audit key with 0600.

    Raises:
        StoreError: the folder, the key or the database cannot be used.
    """
    folder = settings.state_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreError(f"the state folder {folder} cannot be made: {problem}") from problem
    key = keys.load_or_create(folder / AUDIT_KEY)
    return await sql.open_store(settings.state_url, key=key, clock=clock or SystemClock())
