"""The tables of agents that share a state, and every statement about them. They belong to version 4."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text, bindparam, delete, insert, select, update

from mendwatch.store.columns import AnyText, Moment
from mendwatch.store.schema import metadata

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", AnyText, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("draining", Boolean, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", Moment, nullable=False),
)

_ID = agents.c.id == bindparam("agent")
_NAME = leases.c.name == bindparam("lease")

#: Every agent, in the order of their ids.
AGENTS = select(agents).order_by(agents.c.id)
#: An agent says again that it is there.
AGENT_BEAT = update(agents).where(_ID)
#: It says so for the first time.
AGENT_ADD = insert(agents)
#: Forget one that is gone in order, unless it drains.
AGENT_DROP = delete(agents).where(_ID, agents.c.draining.is_(False))
#: Forget those that have not been there since a moment.
AGENTS_DROP = delete(agents).where(agents.c.until < bindparam("moment"))
#: Whether an agent shall hand over.
AGENT_DRAIN = update(agents).where(_ID).values(draining=bindparam("wanted"))
#: Who holds a lease.
LEASE = select(leases).where(_NAME)
#: Hold it for the first time.
LEASE_ADD = insert(leases)
#: Hold it anew, or on.
LEASE_HOLD = update(leases).where(_NAME).values(owner=bindparam("holder"), fence=bindparam("number"), until=bindparam("moment"))
#: Whether a lease is still held as it was.
LEASE_IS = select(leases.c.name).where(_NAME, leases.c.owner == bindparam("holder"), leases.c.fence == bindparam("number"))
