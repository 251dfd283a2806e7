"""Finds what an expression names beyond its own record: windows over time, joined fields, peers, and the present.

Each becomes a Derived with a canonical text, so that two ways to write one thing are one thing. What is written wrongly is refused
with its place in the text and what would be right. Nothing here computes values or knows CEL's library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mendwatch.alerting import units
from mendwatch.alerting.derived import Derived, Joined, Now, Window
from mendwatch.alerting.syntax import Node
from mendwatch.alerting.tokens import Misread
from mendwatch.alerting.units import Unit
from mendwatch.alerting.vocabulary import MACROS, NOW, Vocabulary
from mendwatch.config.documents import nearest
from mendwatch.config.durations import format_duration

#: What each window function needs, in order: a quantile, a field, a window, or how far ahead.
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("rate", "delta", "deriv", "avg_over", "min_over", "max_over", "changes", "last"),
        ("field", "window"),
    ),
    "quantile_over": ("quantile", "field", "window"),
    "predict_linear": ("field", "window", "ahead"),
    "age": ("field",),
    "absent_for": ("field",),
}
COUNT_WHERE = "count_where"
#: A window is kept in memory; what is further back is for the history.
SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(seconds=1), timedelta(days=31)

_EXAMPLES = {
    "quantile_over": "quantile_over(0.95, f, 10m)",
    "predict_linear": "predict_linear(f, 6h, 7d)",
    "age": "age(f)",
    "absent_for": "absent_for(f)",
    COUNT_WHERE: "count_where(f > 1, label)",
}
_UNITS: Mapping[str, Callable[[Unit | None], Unit | None]] = {
    "rate": units.per_second,
    "deriv": units.per_second,
    "delta": units.difference,
    "changes": lambda _: units.NUMBER,
    "age": lambda _: units.SECONDS,
    "absent_for": lambda _: units.SECONDS,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A part of an expression that stands for a derived value, and what that is measured in."""

    node: Node
    value: Derived
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds derived values. `peers` makes a Derived of a node `count_where(...)`; without it, nothing derived may be named."""

    vocabulary: Vocabulary
    peers: Callable[[Node], Derived] | None

    def find(self, node: Node, scope: frozenset[str] = frozenset()) -> Iterator[Found]:
        """Give every derived value; `scope` are names that a macro gave to the items of a list.

        Raises:
            Misread: one is written wrongly.
        """
        found = self._found(node, scope)
        if found is None:
            yield from self._below(node, scope)
        elif self.peers is None:
            hint = "Inside count_where only the record's own fields and labels can be named."
            raise Misread(f"count_where cannot count by {found.value.text}", node.start, hint)
        else:
            yield found

    def _below(self, node: Node, scope: frozenset[str]) -> Iterator[Found]:
        if node.kind == "call" and node.method and node.word in MACROS and len(node.parts) > 1 and node.parts[1].kind == "name":
            yield from self.find(node.parts[0], scope)
            inner = scope | {self._item(node.parts[1])}
            for part in node.parts[2:]:
                yield from self.find(part, inner)
            return
        for part in node.parts:
            yield from self.find(part, scope)

    def _item(self, node: Node) -> str:
        """Give the name that a macro gives to an item; one name never means two things."""
        if node.word in self.vocabulary.names or node.word in self.vocabulary.joins or node.word == NOW:
            raise Misread(f"{node.word!r} has a meaning already", node.start, "Give the items another name, such as x.")
        return node.word

    def _found(self, node: Node, scope: frozenset[str]) -> Found | None:
        if node.kind == "call" and not node.method and node.word in FUNCTIONS:
            return self._window(node)
        if node.kind == "call" and not node.method and node.word == COUNT_WHERE:
            if self.peers is None:
                raise Misread("count_where stands within count_where", node.start, "Use two, side by side.")
            return Found(node, self.peers(node), units.NUMBER)
        if node.kind == "name" and node.word == NOW and self.vocabulary.has_now and NOW not in scope:
            return Found(node, Now(), units.INSTANT)
        return self._joined(node)

    def _joined(self, node: Node) -> Found | None:
        if node.kind == "name" and node.word in self.vocabulary.joins:
            fields = self.vocabulary.joins[node.word]
            hint = f"Write {node.word}.{next(iter(fields), 'field')}."
            raise Misread(f"{node.word!r} is a whole record", node.start, hint)
        if node.kind != "select" or node.parts[0].kind != "name" or node.parts[0].word not in self.vocabulary.joins:
            return None
        alias = node.parts[0].word
        unit = self._field_of(alias, node)
        return Found(node, Joined(alias, node.word, f"{alias}.{node.word}"), unit)

    def _field_of(self, alias: str, node: Node) -> Unit | None:
        fields = self.vocabulary.joins[alias]
        if node.word not in fields:
            raise Misread(f"{alias!r} has no field {node.word!r}", node.end - len(node.word), _meant(node.word, fields, alias))
        return fields[node.word]

    def _window(self, node: Node) -> Found:
        needed = FUNCTIONS[node.word]
        if len(node.parts) != len(needed):
            message = f"{node.word} takes {len(needed)} values and has {len(node.parts)}"
            raise Misread(message, node.start, f"Write it as {_example(node.word)}.")
        given = dict(zip(needed, node.parts, strict=True))
        parameter = _quantile(given["quantile"]) if "quantile" in given else 0.0
        alias, field, unit = self._field(node.word, given["field"])
        seconds = _window_of(node.word, given["window"]) if "window" in given else 0.0
        parameter = _ahead(given["ahead"]) if "ahead" in given else parameter
        text = _canonical(node.word, f"{alias}.{field}" if alias else field, seconds, parameter)
        measured = _UNITS[node.word](unit) if node.word in _UNITS else unit
        return Found(node, Window(node.word, field, seconds, parameter, text, alias), measured)

    def _field(self, function: str, node: Node) -> tuple[str, str, Unit | None]:
        """Give the alias, the name and the unit of the field that a window is over."""
        joined = self._joined(node)
        if joined is not None:
            return node.parts[0].word, node.word, joined.unit
        if node.kind != "name":
            raise Misread(f"{function} is over a field, not over an expression", node.start, self._instead(function, node))
        if node.word in self.vocabulary.labels:
            raise Misread(f"{node.word!r} is a text, and {function} needs a number", node.start, "Name a field of the record.")
        if node.word not in self.vocabulary.fields:
            hint = _meant(node.word, self.vocabulary.fields)
            raise Misread(f"undeclared reference to {node.word!r}: {function} is over a field", node.start, hint)
        return "", node.word, self.vocabulary.fields[node.word]

    def _instead(self, function: str, node: Node) -> str:
        if any(one.kind == "call" and one.word in FUNCTIONS for one in node.walk()):
            return "Windows do not stand within each other; put two rules or two conditions in their place."
        names = [one.word for one in node.walk() if one.kind == "name" and one.word in self.vocabulary.fields]
        return f"Calculate with what comes out, such as {_example(function, names[0] if names else 'f')} / 2."


def _example(function: str, field: str = "f") -> str:
    return _EXAMPLES.get(function, f"{function}(f, 5m)").replace("(f", f"({field}").replace(", f,", f", {field},")


def _meant(word: str, names: Mapping[str, object], alias: str = "") -> str:
    meant = nearest(word, names)
    prefix = f"{alias}." if alias else ""
    return f"did you mean '{prefix}{meant}'?" if meant else f"its fields: {', '.join(names)}"


def _duration(node: Node, what: str) -> timedelta:
    """Read a time such as 5m."""
    read = units.literal(node.word) if node.kind == "unit" else None
    if read is None or read[1] != units.SECONDS:
        raise Misread(f"{what} is a time", node.start, _as_time(node))
    return timedelta(seconds=read[0])


def _as_time(node: Node) -> str:
    if node.kind == "text":
        return f"Write {node.word.strip(chr(39) + chr(34))} without quotes."
    if node.kind == "number" and node.word.isdecimal():
        return f"Write {node.word}s for seconds, or 5m, 1h30m, 7d."
    return "Write it as 5m, 1h30m or 7d."


def _window_of(function: str, node: Node) -> float:
    found = _duration(node, f"the window of {function}")
    if not SHORTEST_WINDOW <= found <= LONGEST_WINDOW:
        hint = f"From {format_duration(SHORTEST_WINDOW)} to {format_duration(LONGEST_WINDOW)}; what is older stands in the history."
        raise Misread(f"a window of {format_duration(found)} cannot be kept", node.start, hint)
    return found.total_seconds()


def _quantile(node: Node) -> float:
    """Read a quantile: 0.95 or 95%."""
    value = -1.0
    if node.kind == "number" and node.word.replace(".", "", 1).isdecimal():
        value = float(node.word)
    elif node.kind == "unit" and node.word.endswith("%"):
        read = units.literal(node.word)
        value = read[0] if read is not None else value
    if not 0.0 <= value <= 1.0:
        raise Misread("a quantile is a number from 0 to 1", node.start, "Write 0.95 or 95%, and the field after it.")
    return value


def _ahead(node: Node) -> float:
    return _duration(node, "how far ahead predict_linear looks").total_seconds()


def _canonical(function: str, field: str, seconds: float, parameter: float) -> str:
    window = format_duration(timedelta(seconds=seconds))
    if function == "quantile_over":
        return f"{function}({parameter:g}, {field}, {window})"
    if function == "predict_linear":
        return f"{function}({field}, {window}, {format_duration(timedelta(seconds=parameter))})"
    return f"{function}({field}, {window})" if seconds else f"{function}({field})"
