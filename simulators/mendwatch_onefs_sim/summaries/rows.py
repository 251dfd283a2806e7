"""Adding up rows of a summary: what is asked to be told apart stays apart, everything else becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]

_SUMS = ("in", "out", "operation_rate", "operation_count", "num_operations")


def totalled(rows: Iterable[Row], parts: Sequence[str], every: Sequence[str]) -> list[Row]:
    """Add up the rows that share `parts`; averages are weighted by the rate, and the other parts of `every` are gone."""
    if len(parts) == len(every):
        return list(rows)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[part] for part in parts), []).append(row)
    return [_total(group, [part for part in every if part not in parts]) for group in groups.values()]


def _total(group: Sequence[Row], gone: Sequence[str]) -> Row:
    first, rates = group[0], [row["operation_rate"] for row in group]
    rate = sum(rates)
    found = dict(first)
    for name in first:
        values = [row[name] for row in group] if name not in gone else []
        if name in _SUMS:
            found[name] = sum(values)
        elif name.endswith(("_avg", "_standard_dev")):
            found[name] = sum(map(_times, values, rates)) / rate if rate else 0.0
        elif name.endswith("_max"):
            found[name] = max(values)
        elif name.endswith("_min"):
            found[name] = min(values)
    return {**found, **_hidden(first, gone)}


def _times(value: float, rate: float) -> float:
    return value * rate


def _hidden(row: Mapping[str, Any], gone: Sequence[str]) -> Row:
    """Give what stands for the parts that are not told apart; a name goes with its address."""
    names = [name.replace("_addr", "_name") for name in gone if name.endswith("_addr")]
    return {name: None if name == "node" else "" for name in (*gone, *names) if name in row}
