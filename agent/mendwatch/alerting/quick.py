"""Makes plain Python functions of the conditions that rules mostly are: comparing numbers and texts, and joining the answers.

CEL's library takes some microseconds for an answer, most of them for handing the values over. Here the typed tree of a condition
that is simple enough becomes one Python function, written from the tree alone: numbers stand in it by their digits, texts only by
a name, and nothing of what somebody wrote is ever run. What is not simple enough (macros, patterns, whole numbers) stays with the
library, and tests hold both to the same answers: what has no value, x / 0.0 and what is beyond the largest number are no answer,
and no answer is no yes, unless the other side of `&&` or `||` settles it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch.alerting.tree import Kind, Literal, Node

#: Answers for numbers (finite, NaN where there is no value) and texts (None where there is none), both by their places.
Ask = Callable[[Sequence[float], Sequence[str | None]], bool | None]

_ARITHMETIC = {"add_double": "+", "subtract_double": "-", "multiply_double": "*"}
_COMPARISONS = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">=", "_==_": "==", "_!=_": "!="}
_TEXTS = {
    "starts_with_string": "{}.startswith({})",
    "ends_with_string": "{}.endswith({})",
    "contains_string": "{1} in {0}",
}
_INDENT = "    "


class _Beyond(Exception):
    """A part that is not simple enough."""


def compiled(node: Node, numbers: Mapping[str, int], texts: Mapping[str, int]) -> Ask | None:
    """Make a function of a condition; None where it is not simple enough, or names what has no place."""
    writer = _Writer(numbers, texts)
    try:
        answer = writer.truth(node)
    except _Beyond:
        return None
    lines = [f"{name} = {source}" for name, source in writer.loaded.items()] + writer.lines + [f"return {answer}"]
    code = "def ask(n, s):\n" + "\n".join(_INDENT + line for line in lines)
    space: dict[str, Ask] = {}
    # The text is our own: its words are the operators above, places, and the digits of numbers.
    exec(compile(code, "<condition>", "exec"), writer.constants, space)  # noqa: S102 - as above
    return space["ask"]


@dataclass(slots=True)
class _Writer:
    """Writes statements. Of a number NaN says that there is none, and so does infinity once it was calculated; of all else None."""

    numbers: Mapping[str, int]
    texts: Mapping[str, int]
    lines: list[str] = field(default_factory=list)
    loaded: dict[str, str] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=lambda: {"NAN": math.nan})
    _depth: int = 0
    _names: int = 0

    def truth(self, node: Node) -> str:
        """Write what gives a yes, a no or None; gives the name that holds it."""
        if node.kind is Kind.CONSTANT and isinstance(node.value, bool):
            return self._held(str(node.value))
        if node.word in _COMPARISONS:
            return self.compared(node)
        return _TRUTHS.get(node.overload, _Writer.tested)(self, node)

    def number(self, node: Node) -> str:
        """Write what gives a number; gives an expression that can stand anywhere."""
        if node.kind is Kind.CONSTANT and isinstance(node.value, float) and math.isfinite(node.value):
            return repr(node.value) if math.copysign(1.0, node.value) > 0 else f"({node.value!r})"
        if node.kind is Kind.NAME and node.word in self.numbers:
            return self._loaded("n", self.numbers[node.word])
        if node.overload in _ARITHMETIC:
            left, right = (self.number(child) for child in node.children)
            return f"({left} {_ARITHMETIC[node.overload]} {right})"
        if node.overload == "divide_double":
            return self._divided(node)
        if node.overload == "negate_double":
            return f"(-{self.number(node.children[0])})"
        if node.overload == "conditional":
            return self._chosen(node, self.number, "NAN")
        raise _Beyond

    def text(self, node: Node) -> str:
        """Give the name of a text."""
        if node.kind is Kind.CONSTANT and isinstance(node.value, str):
            return self._constant(node.value)
        if node.kind is Kind.NAME and node.word in self.texts:
            return self._loaded("s", self.texts[node.word])
        raise _Beyond

    def joined(self, node: Node) -> str:
        """Write `&&` or `||`: the right side is asked unless the left settles it, and settles what the left could not."""
        both = node.word == "_&&_"
        left = self.truth(node.children[0])
        self._line(f"if {left} is not False:" if both else f"if not {left}:")
        self._depth += 1
        right = self.truth(node.children[1])
        self._line(
            f"if {left} or {right} is False: {left} = {right}" if both else f"if {right} or {left} is False: {left} = {right}"
        )
        self._depth -= 1
        return left

    def negated(self, node: Node) -> str:
        """Write `!`."""
        inner = self.truth(node.children[0])
        return self._held(f"None if {inner} is None else not {inner}")

    def chosen_truth(self, node: Node) -> str:
        """Write `?:` of truths."""
        return self._chosen(node, self.truth, "None")

    def _chosen(self, node: Node, write: Callable[[Node], str], nothing: str) -> str:
        choice = self.truth(node.children[0])
        result = self._held(nothing)
        for head, child in ((f"if {choice}:", node.children[1]), (f"elif {choice} is False:", node.children[2])):
            self._line(head)
            self._depth += 1
            self._line(f"{result} = {write(child)}")
            self._depth -= 1
        return result

    def compared(self, node: Node) -> str:
        """Write a comparison."""
        left, right = node.children
        sign = _COMPARISONS[node.word]
        if left.type == right.type == "double":
            first, second = self._once(left), self._once(right)
            known = " and ".join(check for check in (_is_known(left, first), _is_known(right, second)) if check)
        elif left.type == right.type == "string":
            first, second = self.text(left), self.text(right)
            known = _are_there((left, first), (right, second))
        else:
            raise _Beyond
        return self._held(f"{first} {sign} {second} if {known} else None" if known else f"{first} {sign} {second}")

    def among(self, node: Node) -> str:
        """Write `in` a list of constants."""
        one, listed = node.children
        values = [item.value for item in listed.children]
        if listed.kind is not Kind.LIST or any(item.kind is not Kind.CONSTANT for item in listed.children):
            raise _Beyond
        if one.type == "double" and all(isinstance(value, float) and math.isfinite(value) for value in values):
            name = self._once(one)
            known = _is_known(one, name)
        elif one.type == "string" and all(isinstance(value, str) for value in values):
            name = self.text(one)
            known = _are_there((one, name))
        else:
            raise _Beyond
        found = f"{name} in {self._constant(frozenset(values))}"
        return self._held(f"{found} if {known} else None" if known else found)

    def tested(self, node: Node) -> str:
        """Write a test of texts."""
        if node.overload not in _TEXTS:
            raise _Beyond
        names = [self.text(child) for child in node.children]
        known = _are_there(*zip(node.children, names, strict=True))
        found = _TEXTS[node.overload].format(*names)
        return self._held(f"{found} if {known} else None" if known else found)

    def _divided(self, node: Node) -> str:
        left, divisor = self.number(node.children[0]), self._once(node.children[1])
        if node.children[1].kind is Kind.NAME:
            return f"({left} / {divisor} if {divisor} else NAN)"
        # A calculated divisor that is infinite would make an innocent 0.0 of what has no value.
        return f"({left} / {divisor} if {divisor} and {divisor} - {divisor} == 0.0 else NAN)"

    def _once(self, node: Node) -> str:
        """Write a number that is named more than once."""
        written = self.number(node)
        return written if node.kind in {Kind.NAME, Kind.CONSTANT} else self._held(written)

    def _held(self, source: str) -> str:
        name = f"t{self._names}"
        self._names += 1
        self._line(f"{name} = {source}")
        return name

    def _line(self, text: str) -> None:
        self.lines.append(_INDENT * self._depth + text)

    def _loaded(self, kind: str, place: int) -> str:
        self.loaded[f"{kind}{place}"] = f"{kind}[{place}]"
        return f"{kind}{place}"

    def _constant(self, value: Literal | frozenset[Literal]) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name


_TRUTHS: Mapping[str, Callable[[_Writer, Node], str]] = {
    "logical_and": _Writer.joined,
    "logical_or": _Writer.joined,
    "logical_not": _Writer.negated,
    "conditional": _Writer.chosen_truth,
    "in_list": _Writer.among,
}


def _is_known(node: Node, name: str) -> str:
    """Give what tells whether a number is one: a value is finite or NaN, and what was calculated may be infinite too."""
    if node.kind is Kind.CONSTANT:
        return ""
    return f"{name} == {name}" if node.kind is Kind.NAME else f"{name} - {name} == 0.0"


def _are_there(*texts: tuple[Node, str]) -> str:
    return " and ".join(f"{name} is not None" for node, name in texts if node.kind is Kind.NAME)
