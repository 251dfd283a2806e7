"""Says a rule's condition in PromQL, over the metrics that its fields come from, so that Prometheus can page by the same threshold.

PromQL and a rule agree where nothing is known: what is missing matches nothing. Where they would not agree, nothing is written: a
rule that is only nearly the same would be trusted and wrong. Pure; nothing here knows files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from mendwatch.alerting import core_schemas
from mendwatch.alerting.derived import Derived, Joined, Now, Window
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.tree import Kind, Node
from mendwatch.config.durations import format_duration
from mendwatch.errors import ContentError

_COMPARISONS = {"_>_": ">", "_<_": "<", "_>=_": ">=", "_<=_": "<=", "_==_": "==", "_!=_": "!="}
_OPPOSITE = {">": "<=", "<=": ">", "<": ">=", ">=": "<", "==": "!=", "!=": "=="}
_ARITHMETIC = {"_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/"}
_OVER_TIME = {
    "rate": "rate",
    "delta": "delta",
    "deriv": "deriv",
    "changes": "changes",
    "avg_over": "avg_over_time",
    "min_over": "min_over_time",
    "max_over": "max_over_time",
    "last": "last_over_time",
}
_META = frozenset(".^$*+?()[]{}|\\")


class Unsayable(ContentError):
    """A condition has no counterpart in PromQL; the message says which part."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of a condition mean. `joins` gives each alias its schema and the labels that must be equal."""

    known: KnownSchema
    matchers: tuple[str, ...]
    derived: Mapping[str, Derived]
    joins: Mapping[str, tuple[KnownSchema, tuple[str, ...]]]

    def with_matchers(self, more: tuple[str, ...]) -> Scope:
        """Give the same with further matchers."""
        return replace(self, matchers=(*self.matchers, *more))


@dataclass(frozen=True, slots=True)
class _Number:
    """An expression of numbers. `on` are the labels by which it meets the record's own series; None: it has all of theirs."""

    text: str
    constant: bool = False
    compound: bool = False
    on: tuple[str, ...] | None = None

    @property
    def bracketed(self) -> str:
        return f"({self.text})" if self.compound else self.text


def condition(node: Node, scope: Scope) -> str:
    """Give a condition as PromQL whose result has one series for each subject in trouble.

    Raises:
        Unsayable: a part has no counterpart.
    """
    return _either(node, scope, negated=False)


def number(node: Node, scope: Scope) -> str:
    """Give an expression of numbers as PromQL.

    Raises:
        Unsayable: a part has no counterpart.
    """
    return _number(node, scope).text


def _either(node: Node, scope: Scope, *, negated: bool) -> str:
    if node.kind is Kind.CALL and node.word == "!_":
        return _either(node.children[0], scope, negated=not negated)
    if node.kind is Kind.CALL and node.word in {"_&&_", "_||_"}:
        joined_by_and = (node.word == "_&&_") != negated
        return _all(_flat(node, node.word), scope, negated=negated) if joined_by_and else _any(node, scope, negated=negated)
    return _comparison(node, scope, negated=negated)


def _flat(node: Node, word: str) -> list[Node]:
    if node.kind is Kind.CALL and node.word == word:
        return [part for child in node.children for part in _flat(child, word)]
    return [node]


def _all(parts: list[Node], scope: Scope, *, negated: bool) -> str:
    """Join by `and`; what is said of labels goes into the selectors of the others."""
    tests = [(part, _label_test(part, scope, negated=negated)) for part in parts]
    narrowed = scope.with_matchers(tuple(test for _, test in tests if test))
    numbers = [_either(part, narrowed, negated=negated) for part, test in tests if not test]
    if not numbers:
        raise Unsayable("it says nothing of a number")
    return numbers[0] if len(numbers) == 1 else " and ".join(f"({number})" for number in numbers)


def _any(node: Node, scope: Scope, *, negated: bool) -> str:
    return " or ".join(f"({_either(part, scope, negated=negated)})" for part in _flat(node, node.word))


def _label_test(node: Node, scope: Scope, *, negated: bool) -> str:
    """Give the matcher that says the same as a test of one label; empty where the node is no such test."""
    while node.kind is Kind.CALL and node.word == "!_":
        node, negated = node.children[0], not negated
    if node.kind is not Kind.CALL or not node.children or node.children[0].kind is not Kind.NAME:
        return ""
    label = node.children[0].word
    if label not in scope.known.labels:
        return ""
    operator, pattern = _tested(node)
    if negated:
        operator = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}[operator]
    return f"{label}{operator}{quoted(pattern)}"


def _tested(node: Node) -> tuple[str, str]:
    right = node.children[1] if len(node.children) > 1 else None
    if right is not None and right.kind is Kind.LIST and all(isinstance(one.value, str) for one in right.children):
        return "=~", "|".join(_literal(str(one.value)) for one in right.children)
    if right is None or not isinstance(right.value, str):
        raise Unsayable("a label is compared with something that is no text")
    made: dict[str, Callable[[str], tuple[str, str]]] = {
        "_==_": lambda text: ("=", text),
        "_!=_": lambda text: ("!=", text),
        "startsWith": lambda text: ("=~", f"{_literal(text)}.*"),
        "endsWith": lambda text: ("=~", f".*{_literal(text)}"),
        "contains": lambda text: ("=~", f".*{_literal(text)}.*"),
        "matches": lambda text: ("=~", f".*(?:{text}).*"),
    }
    if node.word not in made:
        raise Unsayable(f"the function {node.word} has no counterpart")
    return made[node.word](right.value)


def _comparison(node: Node, scope: Scope, *, negated: bool) -> str:
    if node.kind is not Kind.CALL or node.word not in _COMPARISONS:
        raise Unsayable("a part of it is no comparison of numbers")
    if _label_test(node, scope, negated=negated):
        raise Unsayable("a test of a label stands beside `||`")
    operator = _COMPARISONS[node.word]
    left, right = (_number(child, scope) for child in node.children)
    if left.constant and right.constant:
        raise Unsayable("a part of it compares constants")
    if all(side.constant or side.on is not None for side in (left, right)):
        raise Unsayable("a part of it is about a joined record alone")
    return _meeting(left, _OPPOSITE[operator] if negated else operator, right)


def _meeting(left: _Number, operator: str, right: _Number) -> str:
    """Write an operation; a joined record meets each of the record's own series by its labels."""
    if left.on is not None and not right.constant and right.on != left.on:
        raise Unsayable("a joined record stands on the left of an operator")
    meets = right.on is not None and not left.constant and left.on != right.on
    grouping = f" on ({', '.join(right.on or ())}) group_left ()" if meets else ""
    return f"{left.bracketed} {operator}{grouping} {right.bracketed}"


def _number(node: Node, scope: Scope) -> _Number:
    if node.kind is Kind.CONSTANT and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return _Number(str(int(node.value)) if node.value == int(node.value) else repr(node.value), constant=True)
    if node.kind is Kind.NAME:
        return _named(node.word, scope)
    if node.kind is Kind.CALL and node.word == "-_":
        inner = _number(node.children[0], scope)
        return replace(inner, text=f"-{inner.bracketed}", compound=True)
    if node.kind is Kind.CALL and node.word in _ARITHMETIC:
        return _arithmetic(node, scope)
    raise Unsayable(f"{node.word or node.kind} has no counterpart")


def _arithmetic(node: Node, scope: Scope) -> _Number:
    operator = _ARITHMETIC[node.word]
    left, right = (_number(child, scope) for child in node.children)
    if operator == "/":
        if right.text == "0":
            raise Unsayable("it divides by zero")
        if not right.constant:  # where a rule has no answer, Prometheus has infinity, which is more than any limit
            right = replace(right, text=f"({right.bracketed} != 0)", compound=False)
    both = (left.on, right.on) if not (left.constant or right.constant) else (left.on or right.on,) * 2
    on = both[0] if both[0] == both[1] else None
    return _Number(_meeting(left, operator, right), left.constant and right.constant, compound=True, on=on)


def _named(name: str, scope: Scope) -> _Number:
    derived = scope.derived.get(name)
    if isinstance(derived, Now):
        return _Number("time()", constant=True)
    if derived is None:
        return _Number(_selector(name, scope.known, scope.matchers))
    if isinstance(derived, Joined):
        schema, equal = scope.joins[derived.alias]
        return _Number(_selector(derived.field, schema, ()), on=equal)
    if not isinstance(derived, Window):
        raise Unsayable(f"{derived.text} has no counterpart")
    return _window(derived, scope)


def _window(window: Window, scope: Scope) -> _Number:
    known, on = scope.joins[window.alias] if window.alias else (scope.known, None)
    if core_schemas.exported(known.schema, window.field, "") is not None:
        raise Unsayable(f"{window.field} comes from no metric of its own")
    series = _selector(window.field, known, () if window.alias else scope.matchers)
    span = f"{series}[{_span(window.seconds)}]"
    if window.function == "age":
        return _Number(f"time() - timestamp({series})", compound=True, on=on)
    if window.function == "quantile_over":
        return _Number(f"quantile_over_time({window.parameter:g}, {span})", on=on)
    if window.function == "predict_linear":
        return _Number(f"predict_linear({span}, {window.parameter:g})", on=on)
    if window.function not in _OVER_TIME:
        raise Unsayable(f"{window.text} has no counterpart")
    return _Number(f"{_OVER_TIME[window.function]}({span})", on=on)


def _selector(field: str, known: KnownSchema, matchers: tuple[str, ...]) -> str:
    metric = known.schema.fields.get(field)
    if metric is None or known.schema.events:
        raise Unsayable(f"{field} comes from no metric")
    selector = ",".join(dict.fromkeys(matchers))
    elsewhere = core_schemas.exported(known.schema, field, selector)
    return elsewhere or (f"{metric}{{{selector}}}" if matchers else metric)


def _span(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))


def quoted(text: str) -> str:
    """Write a text as PromQL does."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if character in _META else character for character in text)
