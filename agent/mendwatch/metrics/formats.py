"""The formats that the page is written in, and which of them a reader gets.

Series lines are the same in both; what differs is what stands above a family and at the page's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from mendwatch.metrics import text
from mendwatch.model.samples import MetricKind, MetricSpec

_VERSION = re.compile(r"\d+(\.\d+)*")


class Format(Enum):
    """A format by its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    @property
    def end(self) -> bytes:
        """What ends a page."""
        return b"# EOF\n" if self is Format.OPENMETRICS else b""


def negotiate(accept: str) -> Format:
    """Choose by an `Accept` header: the highest q, then the first; text where nothing that is offered is asked for."""
    best, weight = Format.TEXT, 0.0
    for kind, options in _ranges(accept):
        offered = _offered(kind, options.get("version"))
        asked = _weight(options.get("q", "1"))
        if offered is not None and asked > weight:
            best, weight = offered, asked
    return best


def header(spec: MetricSpec, form: Format) -> bytes:
    """Write the comment lines of a family, without the last line's end."""
    if form is Format.TEXT:
        return f"# HELP {spec.name} {text.escape_help(spec.help)}\n# TYPE {spec.name} {spec.kind.value}".encode()
    name = family_name(spec)
    unit = f"\n# UNIT {name} {spec.unit}" if spec.unit and name.endswith(f"_{spec.unit}") else ""
    return f"# HELP {name} {text.escape_label(spec.help)}\n# TYPE {name} {spec.kind.value}{unit}".encode()


def family_name(spec: MetricSpec) -> str:
    """Give the name of a metric's family in OpenMetrics, where a counter's `_total` belongs to the series alone."""
    return spec.name.removesuffix("_total") if spec.kind is MetricKind.COUNTER else spec.name


def _ranges(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in accept.split(","):
        kind, *rest = (one.strip() for one in part.split(";"))
        pairs = (one.partition("=") for one in rest)
        yield kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _offered(kind: str, version: str | None) -> Format | None:
    if kind == "application/openmetrics-text":
        return Format.OPENMETRICS if version is None or _is_one(version) else None
    if kind == "text/plain":
        return Format.TEXT if version in (None, "0.0.4") else None
    return Format.TEXT if kind in ("*/*", "text/*") else None


def _is_one(version: str) -> bool:
    return _VERSION.fullmatch(version) is not None and version.split(".", maxsplit=1)[0] == "1"


def _weight(q: str) -> float:
    try:
        return float(q)
    except ValueError:
        return 0.0
