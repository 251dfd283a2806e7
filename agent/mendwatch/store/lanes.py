"""What may be written by one at a time, among all agents on one database.

SQLite has one writer in any case. On PostgreSQL each write that is built on what others wrote takes its lane first, so that what
holds on SQLite holds there too: nobody writes between its reading and its writing. It knows no table.
"""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """A lane; its number is that of the advisory lock, chosen once and never changed."""

    #: Whatever has an audit row: the chain is one, and so are the runs that it tells of.
    AUDITED = 7_526_471_938
    #: Received alerts: one message may speak of an alert that another one speaks of.
    RECEIVED = 7_526_471_939
    #: The tables themselves.
    TABLES = 7_526_471_940
    #: Agents that share the database; whoever is in this lane writes whether it acts or not.
    FLEET = 7_526_471_941
    #: Rows that nobody but the writer writes: nobody waits.
    OWN = 0
