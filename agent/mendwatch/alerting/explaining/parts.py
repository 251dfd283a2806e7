"""The value of every part of a condition: each part is compiled once, and only when somebody asks for an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mendwatch.alerting import tree
from mendwatch.alerting.conditions import Bound, Condition, ConditionError, Expression, Language
from mendwatch.alerting.explaining.nouns import Asked, Part
from mendwatch.alerting.tree import Kind, Node

#: Parts of one condition at most; what stands deeper is told as part of the others.
MOST = 60
#: Kinds that say nothing that their text does not say.
_PLAIN = frozenset({Kind.CONSTANT, Kind.VARIABLE})


@dataclass(frozen=True, slots=True)
class _Compiled:
    depth: int
    text: str
    expression: Expression | None


@dataclass(slots=True)
class Parts:
    """Asks conditions part by part. Keeps what it compiled for the conditions of one set of rules."""

    _known: dict[int, tuple[Condition, tuple[_Compiled, ...]]] = field(default_factory=dict)

    def ask(self, what: str, condition: Condition, language: Language, bound: Bound) -> Asked:
        """Put a condition to a record, and give the value of each of its parts."""
        answer = condition.holds(bound)
        parts = tuple(Part(one.depth, one.text, _value(one, bound, answer)) for one in self._of(condition, language))
        return Asked(what, condition.text, answer, parts, condition.missing(bound))

    def _of(self, condition: Condition, language: Language) -> tuple[_Compiled, ...]:
        found = self._known.get(id(condition))
        if found is None:
            compiled = tuple(_compiled(condition, language))[:MOST]
            found = self._known[id(condition)] = (condition, compiled)  # held, so that nobody else gets its identity
        return found[1]


def _compiled(condition: Condition, language: Language) -> Iterator[_Compiled]:
    """Compile the parts in the order of the text; a part that stands twice is told once."""
    said: set[str] = set()
    for depth, node in _walk(condition.tree, 0):
        text = tree.unparse(node, condition.inputs)
        if text not in said:
            said.add(text)
            yield _Compiled(depth, text, None if depth == 0 else _attempt(language, text))


def _walk(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
    """Give the parts that have a value of their own: what depends on a macro's variable has none."""
    if node.kind in _PLAIN:
        return
    yield depth, node
    children = node.children[:1] if node.kind is Kind.MACRO else node.children
    for child in children:
        yield from _walk(child, depth + 1)


def _attempt(language: Language, text: str) -> Expression | None:
    try:
        return language.expression(text)
    except ConditionError:  # a list, or a quantity that may stand only beside another
        return None


def _value(part: _Compiled, bound: Bound, answer: bool | None) -> str | float | int | bool | None:  # noqa: FBT001 - an answer
    if part.depth == 0:
        return answer
    return part.expression.value(bound) if part.expression is not None else None
