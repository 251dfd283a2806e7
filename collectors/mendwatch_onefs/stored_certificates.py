"""Lists of certificates that a cluster keeps, as findings: when each ends, and what OneFS calls it.

The web server, the authorities and SyncIQ have such lists, each below a resource of its own; this knows what they share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import at
from mendwatch_onefs.series import Finding
from mendwatch_onefs.session import OneFSSession

LABELS = ("store", "name", "id")
_STATES = frozenset({"valid", "invalid", "expired", "expiring"})
#: Characters of an identifier that make a short name.
_SHORT = 12


class CertificatePage(msgspec.Struct):
    """One page of a list of certificates."""

    certificates: list[Any]
    resume: Any = None


@dataclass(frozen=True, slots=True)
class Stored:
    """The metrics of some lists; `name` is what their names begin with, and the record of one certificate is called so."""

    name: str
    expiry: MetricSpec
    remaining: MetricSpec
    valid: MetricSpec
    state: MetricSpec

    @property
    def metrics(self) -> tuple[MetricSpec, ...]:
        """All of them."""
        return self.expiry, self.remaining, self.valid, self.state

    def schema(self, words: str) -> RecordSchema:
        """Describe one certificate for rules."""
        fields = {"expiry_timestamp_seconds": self.expiry, "remaining_seconds": self.remaining, "valid": self.valid}
        return RecordSchema(self.name, LABELS, {field: spec.name for field, spec in fields.items()}, help=words)

    def findings(self, resource: str, store: str, entry: Any, now: datetime, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
        """Give what one entry of a list tells; one that cannot be named is drift."""
        name, identifier = name_of(at(entry, "name")) or "", name_of(at(entry, "id"))
        if not identifier or (not name and at(entry, "name") != ""):
            drift.odd(f"{resource}: name, id")
            return
        labels = (store, name, identifier[:_SHORT])
        ends = drift.moment(f"{resource}: not_after", at(entry, "not_after"))
        state = drift.word(f"{resource}: status", at(entry, "status"), _STATES)
        yield self.expiry, labels, ends.timestamp() if ends else None
        yield self.remaining, labels, (ends - now).total_seconds() if ends else None
        yield self.valid, labels, float(state in {"valid", "expiring"}) if state in _STATES else None
        if state:
            yield self.state, (*labels, state), 1.0


def stored(name: str, resources: str) -> Stored:
    """Declare the metrics of the certificates in some lists."""

    def spec(end: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
        return MetricSpec(f"powerscale_{name}_{end}", f"{words} ({resources}: {field}).", unit=unit, labels=(*LABELS, *labels))

    return Stored(
        name,
        spec("expiry_timestamp_seconds", "When a certificate ends", "not_after", "seconds"),
        spec("remaining_seconds", "Seconds until a certificate ends; negative if it has ended", "not_after", "seconds"),
        spec("valid", "Whether OneFS calls a certificate valid or expiring", "status"),
        spec("state", "Always 1; what OneFS calls a certificate", "status", labels=("state",)),
    )


async def entries(session: OneFSSession, version: int, resource: str) -> list[Any] | None:
    """Give a whole list, or None where this release has no such list."""
    try:
        return [entry async for page in session.pages(version, resource, CertificatePage, {}) for entry in page.certificates]
    except Unsupported:
        return None
