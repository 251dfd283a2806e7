"""Reads what Alertmanager and Grafana post to a webhook; pure, and knows neither HTTP nor rules.

Both send one shape, in which each adds keys of its own from release to release. So unknown keys are left out, and missing ones are
no fault where nothing depends on them. But a message is taken whole or not at all: of an alert that cannot be understood, nobody
knows whether it is the one that matters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec

from mendwatch.alerting.slices import Slices, Steps
from mendwatch.errors import UserError
from mendwatch.model.received import Received
from mendwatch.model.text import count, replaced

#: Bytes of a message, its alerts, and the labels or annotations of one alert.
LARGEST, MOST_ALERTS, MOST_TEXTS = 16 * 2**20, 10_000, 64
#: Characters of a label's name and of its value; and those that are kept of an annotation.
LONGEST_NAME, LONGEST_VALUE, KEPT_OF_ANNOTATION = 128, 2048, 4096
#: A time further ahead than this is no clock that goes wrong by a little.
AHEAD = timedelta(days=1)
_FIRING, _RESOLVED = "firing", "resolved"
#: Units of one alert; see `slices`.
_ALERT = 40

T = TypeVar("T")


class MessageError(UserError):
    """A message that cannot be understood; nothing of it was taken."""

    default_hint = "Alertmanager's `webhook_configs` and Grafana's contact point `Webhook` send what is wanted here."


class MessageTooLarge(MessageError):
    """A message that is larger than any that is taken."""

    default_hint = (
        f"At most {LARGEST // 2**20} MiB and {MOST_ALERTS} alerts: set `group_by` so that groups are smaller, or `max_alerts`."
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What one message says. `truncated` is how many alerts its sender left out."""

    source: str
    alerts: tuple[Received, ...]
    truncated: int = 0


class _Envelope(msgspec.Struct, rename="camel"):
    # Each alert stays unread at first: ten thousand of them read at once would hold the loop.
    alerts: list[msgspec.Raw] | None
    truncated_alerts: Annotated[int, msgspec.Meta(ge=0)] | None = None


_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Alert(msgspec.Struct, rename="camel"):
    status: str
    labels: dict[str, str]
    starts_at: _Moment
    ends_at: _Moment | None = None
    annotations: dict[str, object] | None = None
    fingerprint: str | None = None


def reading(body: bytes, source: str, now: datetime) -> Steps[Message]:
    """Read one message in slices; `source` is who speaks.

    Raises:
        MessageTooLarge: it is larger than the bounds above.
        MessageError: it is no such message.
    """
    if len(body) > LARGEST:
        raise MessageTooLarge(f"the message has {len(body)} bytes")
    envelope = _decoded(body, _Envelope, "the message")
    raws = envelope.alerts or []
    if len(raws) > MOST_ALERTS:
        raise MessageTooLarge(f"the message has {len(raws)} alerts")
    slices, alerts = Slices(), []
    for number, raw in enumerate(raws, 1):
        if slices.full(_ALERT):
            yield
        alerts.append(_alert(raw, source, now, f"alert {number} of {len(raws)}"))
    return Message(source, tuple(alerts), envelope.truncated_alerts or 0)


def mark(fingerprint: str, labels: Mapping[str, str]) -> str:
    """Give the name of an alert for ever.

    Labels alone do not do: Grafana leaves out those that tell two of its rules apart. Nor does the fingerprint, which not all
    senders have, and which is short enough to be forged.
    """
    text = json.dumps([fingerprint, dict(labels)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _alert(raw: msgspec.Raw, source: str, now: datetime, which: str) -> Received:
    found = _decoded(raw, _Alert, which)
    if found.status not in {_FIRING, _RESOLVED}:
        raise MessageError(f"{which} has the status {replaced(found.status[:20])!r}, which is neither firing nor resolved")
    labels = {name: value for name, value in found.labels.items() if value}  # an empty label is none, as in Prometheus
    _check_labels(labels, which)
    fingerprint = found.fingerprint or ""
    if len(fingerprint) > LONGEST_NAME or not fingerprint.isprintable():
        raise MessageError(f"{which} has no usable fingerprint")
    starts_at = _moment(found.starts_at, now, f"startsAt of {which}")
    if starts_at is None:
        raise MessageError(f"{which} does not say when it began")
    resolved = found.status == _RESOLVED
    ends_at = _moment(found.ends_at, now, f"endsAt of {which}")
    return Received(
        mark=mark(fingerprint, labels),
        source=source,
        fingerprint=fingerprint,
        labels=labels,
        annotations=_annotations(found.annotations or {}, which),
        starts_at=starts_at,
        ends_at=max(ends_at or now, starts_at) if resolved else ends_at,
        resolved=resolved,
        received_at=now,
    )


def _decoded(text: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, RecursionError, ValueError) as problem:
        raise MessageError(f"{what} cannot be read: {replaced(str(problem))}") from problem


def _check_labels(labels: Mapping[str, str], which: str) -> None:
    if len(labels) > MOST_TEXTS:
        raise MessageTooLarge(f"{which} has {count(len(labels), 'label')}", hint=f"An alert has at most {MOST_TEXTS} labels.")
    for name, value in labels.items():
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            hint = f"A label's name has at most {LONGEST_NAME} characters, its value {LONGEST_VALUE}."
            raise MessageTooLarge(f"{which} has the label {replaced(name[:40])!r}, which is too long", hint=hint)
        if not name.isprintable():
            raise MessageError(f"{which} has a label whose name cannot be printed")


def _annotations(found: Mapping[str, object], which: str) -> dict[str, str]:
    """Give the texts for people, each as one readable line; what is no text is left out."""
    if len(found) > MOST_TEXTS:
        hint = f"An alert has at most {MOST_TEXTS} annotations."
        raise MessageTooLarge(f"{which} has {count(len(found), 'annotation')}", hint=hint)
    return {
        replaced(name[:LONGEST_NAME]): replaced(" ".join(text[:KEPT_OF_ANNOTATION].split()))
        for name, text in found.items()
        if isinstance(text, str) and text
    }


def _moment(found: datetime | None, now: datetime, what: str) -> datetime | None:
    """Give a time in UTC; Go writes the year 1 where it means none."""
    if found is None or found.year <= 1:
        return None
    if found > now + AHEAD:
        hint = "Set the clocks of both machines by NTP."
        raise MessageError(f"{what} is {found.isoformat()}, more than a day after our own clock", hint=hint)
    return found.astimezone(UTC)
