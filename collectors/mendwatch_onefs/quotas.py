"""SmartQuotas: how full every quota is, measured in the unit that its limits apply to. From quota/quotas, every page.

Each page becomes numbers as it comes, and the names of the series are made once and kept as long as the quotas stay the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from mendwatch.clock import turn
from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.kept import Kept, columns_of
from mendwatch_onefs.quota_metrics import FIELDS, METRICS, PERSONA_METRICS, PERSONA_SCHEMA, SCHEMA
from mendwatch_onefs.quota_rows import QuotaPage, QuotaRows, key_of, persona_key_of
from mendwatch_onefs.session import OneFSSession

#: Quotas that are read by default, each with all its fields.
_MOST = 20_000
#: Types that name a person or a group beside the path.
_PERSONAL = frozenset({"user", "group"})


class TooManyQuotas(BadAnswer):
    """The cluster has more quotas than may be read."""

    default_hint = (
        "Read fewer types with the option quota_types, or raise the option quota_limit and the collector's budget; "
        "each quota costs up to 15 series."
    )


@dataclass(slots=True)
class QuotasMemory:
    """What is kept of one cluster between two polls."""

    plain: Kept = field(default_factory=Kept)
    personal: Kept = field(default_factory=Kept)


class QuotasCollector:
    """Reads every quota of the types that the options name."""

    spec = CollectorSpec(
        "quotas",
        interval=60.0,
        timeout=120.0,
        metrics=(*METRICS, *PERSONA_METRICS),
        schemas=(SCHEMA, PERSONA_SCHEMA),
        budget=_MOST * len(FIELDS),
        privileges=("ISI_PRIV_QUOTA",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch every page of every type once.

        Raises:
            TooManyQuotas: there are more than the options allow; the pages beyond are not asked for.
        """
        drift = Drift()
        plain = QuotaRows(key_of, now.timestamp(), drift)
        personal = QuotaRows(persona_key_of, now.timestamp(), drift)
        read = 0
        async for kind, page in _pages(session):
            read += len(page.quotas)
            if read > session.options.quota_limit:
                raise TooManyQuotas(
                    f"{session.where} has more than {session.options.quota_limit} quotas of the types that are read"
                )
            (personal if kind in _PERSONAL else plain).add(page.quotas)
        await turn()  # the last page has just held the loop
        memory = session.memory(QuotasMemory)
        columns = [
            one
            for specs, rows, kept in ((METRICS, plain, memory.plain), (PERSONA_METRICS, personal, memory.personal))
            for one in await columns_of(specs, rows.settled(), rows.columns, kept)
        ]
        read_all = {SCHEMA.name: plain.whole, PERSONA_SCHEMA.name: personal.whole}
        complete = frozenset(name for name in _complete(session.options.quota_types) if read_all[name])
        return Reading(columns=tuple(columns), complete=complete, drift=drift.counts)


async def _pages(session: OneFSSession) -> AsyncIterator[tuple[str, QuotaPage]]:
    """Give every page with the type that was asked for; a type that this release does not know has none."""
    for kind in session.options.quota_types:
        try:
            async for page in session.pages(15, "quota/quotas", QuotaPage, {"type": kind}):
                yield kind, page
        except Rejected:
            if kind == "directory":
                raise


def _complete(kinds: tuple[str, ...]) -> frozenset[str]:
    """Give the schemas whose subjects have all been read: every page of every type was."""
    personal = {PERSONA_SCHEMA.name} if _PERSONAL & set(kinds) else set()
    return frozenset({SCHEMA.name} | personal if set(kinds) - _PERSONAL else personal)
