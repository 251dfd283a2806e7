"""Brings a state database of an older version up to date, by the steps in `store.migrations`.

The library that runs them takes a third of a second to import, so this module imports it only when there is something to do.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config

_STEPS = Path(__file__).parent / "migrations"


def steps(connection: Connection, before: str) -> tuple[str, ...]:
    """Give what an upgrade from a revision would do, step by step, each with its name and in words."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    found = ScriptDirectory.from_config(_configured(connection)).walk_revisions(before, "heads")
    return tuple(f"{one.revision}: {one.doc}" for one in reversed(list(found)) if one.revision != before)


def statements(connection: Connection, before: str) -> str:
    """Give the SQL that an upgrade from a revision would say."""
    from alembic import command  # noqa: PLC0415 - see above

    said = io.StringIO()
    command.upgrade(_configured(connection, said), f"{before}:head", sql=True)
    return said.getvalue()


def upgrade(connection: Connection) -> None:
    """Do every step that was not done yet, within the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(_configured(connection), "head")


def _configured(connection: Connection, said: io.StringIO | None = None) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config(output_buffer=said, attributes={"connection": connection})
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    return config
