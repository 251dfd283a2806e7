"""The keys that have no metric of their own: one family per unit, with the key as a label, as the cluster's catalogue describes it.

The scheme: `powerscale_statistic_<unit>`, in base units, with the labels `node` (empty for a value of the whole cluster) and
`key`. A key whose unit nobody here knows, or whose value is no number, is not read; it is counted instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.model.samples import MetricSpec
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs.statistic_units import SILENT, WORDS, Unit

#: Types of the catalogue whose values are numbers.
_NUMBERS = frozenset({"int32", "int64", "uint32", "uint64", "int", "uint", "double", "float", "bool", "boolean"})
#: The end of the family's name, by what the catalogue says; the rest follows from the unit.
_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "bytes per second": "bytes_per_second",
        "epoch seconds": "timestamp_seconds",
        "operations": "operations",
        "operations per second": "operations_per_second",
        "packets per second": "packets_per_second",
        "errors per second": "errors_per_second",
        "amps": "amperes",
        "celsius": "celsius",
        "meters": "meters",
        "rpms": "rotations_per_minute",
        "volts": "volts",
        "watts": "watts",
    }
)
_LABELS = ("node", "key")


def _suffix(word: str) -> str:
    return _SUFFIXES.get(word) or (WORDS[word].base if word in WORDS else "") or "value"


def _family(suffix: str) -> str:
    return f"powerscale_statistic_{suffix}"


def _help(suffix: str) -> str:
    words = "a plain number" if suffix == "value" else suffix.replace("_", " ")
    return f"A statistic that has no metric of its own, in {words} (statistics/current: the label key is OneFS' own)."


def specs() -> tuple[MetricSpec, ...]:
    """Declare a family for every unit."""
    units = {_suffix(word): WORDS.get(word, Unit.NONE) for word in ("none", *WORDS)}
    return tuple(MetricSpec(_family(suffix), _help(suffix), unit=unit.base, labels=_LABELS) for suffix, unit in units.items())


def statistic_of(key: str, unit: str, kind: str) -> Statistic | str:
    """Give what a key becomes, or why it becomes nothing."""
    if kind not in _NUMBERS:
        return "type"
    if unit not in WORDS and unit not in SILENT:
        return "unit"
    suffix = _suffix(unit)
    node = () if key.startswith("node.") else (("node", ""),)
    return Statistic(key, _family(suffix), _help(suffix), WORDS.get(unit, Unit.NONE), (*node, ("key", key)))
