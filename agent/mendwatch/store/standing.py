"""What a database is to us: empty, of which version, and whose. It changes nothing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from mendwatch.errors import StoreError
from mendwatch.store import queries, schema

#: The names of facts in the table `meta`.
VERSION, KEY = "schema_version", "audit_key"


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found. `revision` is None where there are no tables; `stamped` tells whether it is written down as alembic does."""

    revision: str | None = None
    stamped: bool = False
    key_mark: str = ""

    @property
    def current(self) -> bool:
        """Whether nothing is to be done."""
        return self.stamped and self.revision == schema.REVISION


def look(connection: Connection) -> Standing:
    """Look at a database.

    Raises:
        StoreError: it is somebody else's, or of a later version.
    """
    names = set(inspect(connection).get_table_names())
    if "meta" not in names:
        if names & {table.name for table in schema.metadata.sorted_tables}:
            raise StoreError("the database holds tables of another program", hint="Give mendwatch a database of its own.")
        return Standing()
    facts = {row.name: row.value for row in connection.execute(queries.META)}
    stamp = connection.execute(queries.REVISION).scalar_one_or_none() if schema.revisions.name in names else None
    version = facts.get(VERSION, "")
    revision = f"{version:0>4}"  # a database from before there were revisions says its version only
    if revision not in schema.REVISIONS or stamp not in {None, revision}:
        raise _unknown(version)
    return Standing(revision, stamp is not None, facts.get(KEY, ""))


def check_key(standing: Standing, mark: str) -> None:
    """Raise StoreError where a database was made with another audit key."""
    if standing.revision is not None and not hmac.compare_digest(standing.key_mark, mark):
        raise StoreError(
            "the audit key is not the one this state database was made with: its chain could not be verified any more",
            hint="Restore the key file from a backup, or begin with a new state database.",
        )


def mark_of(key: bytes) -> str:
    """Give what tells one key from another without telling the key."""
    return hmac.digest(key, b"mendwatch audit key", "sha256").hex()


def _unknown(found: str) -> StoreError:
    newer = found.isdigit() and int(found) > int(schema.REVISION)
    hint = "Use the mendwatch that wrote it, or a later one." if newer else "Use the mendwatch that wrote it."
    return StoreError(f"the state database has schema version {found}; this mendwatch needs {schema.VERSION}", hint=hint)
