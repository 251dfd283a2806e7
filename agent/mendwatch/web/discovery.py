"""The targets in the form that Prometheus' http_sd asks for, so that its configuration names no target. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mendwatch.polling.outcomes import TargetStatus

#: Labels with this prefix are for relabelling and go away afterwards.
_META = "__meta_mendwatch_"


def groups(targets: Sequence[TargetStatus]) -> list[dict[str, object]]:
    """Give one group for each target: its name, and what relabelling may want to know of it."""
    return [{"targets": [status.target.id], "labels": _labels(status)} for status in targets]


def _labels(status: TargetStatus) -> dict[str, str]:
    facts = {"provider": status.provider, "address": status.address, "target_label": status.target_label}
    own = {f"label_{name}": value for name, value in status.target.labels.items()}
    return {f"{_META}{name}": value for name, value in {**facts, **own}.items()}
