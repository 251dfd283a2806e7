"""Conditions: CEL, compiled and type-checked at load, evaluated to True, False or None. The only importer of the CEL library.

Every field of a record is a DOUBLE, every label a STRING. What cannot be known is None and never True: the library gives
errors as values whose truth is True, divides by zero to infinity and cuts text at a NUL, and none of that leaves this module.
Nothing here knows rules, alerts or time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from cel_expr_python import cel

from mendwatch.alerting import checked_ast, tree_reader
from mendwatch.alerting.tree import Node
from mendwatch.config import documents
from mendwatch.errors import ContentError

#: Longer text is no condition that a person wrote; the library's own limit is 100,000.
LONGEST = 4000

#: The plain values that an expression can give to a playbook.
Plain = str | float | int | bool

# Names are looked up in this container first, so that a label may be called `type` as OneFS' quotas want, which is
# a word of CEL's own.
_CONTAINER = "record"
_PREFIX = f"{_CONTAINER}."
_POSITION = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_INTEGER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")
_ANCHORED = r"\A(?s:{})\z"
_PLAIN_TYPES = ("STRING", "DOUBLE", "INT", "BOOL")


class ConditionError(ContentError):
    """An expression that cannot be used; the message says where in it."""

    default_hint = "See docs/write-a-rule.md for what a condition may say."


class Bound:
    """The values of one record, ready for any number of expressions of its language."""

    __slots__ = ("_data", "activation")

    def __init__(self, activation: Any, data: Mapping[str, float | str]) -> None:  # noqa: ANN401 - the library's own type
        self.activation = activation
        self._data = data

    @property
    def present(self) -> frozenset[str]:
        """The names that have a value."""
        return frozenset(name.removeprefix(_PREFIX) for name in self._data)


class Binder:
    """Makes a few values of many records ready, cheaply: those that the conditions of an agent's rules name."""

    __slots__ = ("_env", "_keys", "fields", "labels")

    def __init__(self, env: Any, fields: tuple[str, ...], labels: tuple[str, ...]) -> None:  # noqa: ANN401 - as above
        self._env = env
        self.fields = fields
        self.labels = labels
        self._keys = tuple(_PREFIX + name for name in fields)

    def texts(self, labels: Mapping[str, str]) -> dict[str, float | str]:
        """Give what a record's labels add to each of its bindings; worked out once, as a record keeps its labels."""
        return {_PREFIX + name: labels[name] for name in self.labels if name in labels and _holdable(labels[name])}

    def bind(self, inputs: Iterable[float], texts: Mapping[str, float | str]) -> Bound:
        """Bind a value for each of `fields`; what is not finite has no value."""
        data: dict[str, float | str] = {
            key: float(value) for key, value in zip(self._keys, inputs, strict=True) if math.isfinite(value)
        }
        if texts:
            data.update(texts)
        return Bound(self._env.Activation(data), data)


class Condition:
    """An expression that answers yes or no."""

    __slots__ = ("_evaluate", "_serialized", "names", "text")

    def __init__(self, text: str, evaluate: Callable[[Any], Any], names: frozenset[str], serialized: bytes) -> None:
        self.text = text
        self.names = names
        self._evaluate = evaluate
        self._serialized = serialized

    @property
    def tree(self) -> Node:
        """What it is made of."""
        return tree_reader.read(self._serialized)

    def holds(self, bound: Bound) -> bool | None:
        """Give the answer, or None where a value is missing or the arithmetic has no result."""
        try:
            answer = self._evaluate(bound.activation).value()
        except RuntimeError:  # the iteration budget, raised and not returned
            return None
        # An error is a value too: a text, whose truth would be True.
        return answer if answer is True or answer is False else None

    def missing(self, bound: Bound) -> tuple[str, ...]:
        """Give the names this condition uses and the record has no value for."""
        return tuple(sorted(self.names - bound.present))


class Expression:
    """An expression that gives a text, a number or a truth value."""

    __slots__ = ("_evaluate", "names", "text", "type")

    def __init__(self, text: str, evaluate: Callable[[Any], Any], names: frozenset[str], kind: str) -> None:
        self.text = text
        self.names = names
        self.type = kind
        self._evaluate = evaluate

    def value(self, bound: Bound) -> Plain | None:
        """Give the value as plain Python, or None where there is none; a number is always finite."""
        try:
            result = self._evaluate(bound.activation)
        except RuntimeError:
            return None
        if result.type().name() != self.type:
            return None
        value = result.value()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value if isinstance(value, (str, float, int)) else None


class Language:
    """The expressions that can be written over one kind of record."""

    def __init__(self, fields: Iterable[str], labels: Iterable[str]) -> None:
        self._fields = tuple(fields)
        self._labels = tuple(labels)
        variables = {_PREFIX + name: cel.Type.DOUBLE for name in self._fields}
        variables |= {_PREFIX + name: cel.Type.STRING for name in self._labels}
        self._env = cel.NewEnv(variables=variables, container=_CONTAINER, functions=_guards())

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that an expression may use."""
        return (*self._fields, *self._labels)

    def condition(self, text: str) -> Condition:
        """Compile an expression that must answer yes or no.

        Raises:
            ConditionError: it is no CEL, names something unknown, or its types do not fit.
        """
        evaluate, names, kind, serialized = self._compile(text)
        if kind != "BOOL":
            raise ConditionError(f"{text!r} gives {kind}, not yes or no", hint="Compare it with something, such as `> 0.9`.")
        return Condition(text, evaluate, names, serialized)

    def expression(self, text: str) -> Expression:
        """Compile an expression that must give a text, a number or a truth value.

        Raises:
            ConditionError: as for a condition.
        """
        evaluate, names, kind, _ = self._compile(text)
        if kind not in _PLAIN_TYPES:
            raise ConditionError(f"{text!r} gives {kind}; a variable is a text, a number or a truth value")
        return Expression(text, evaluate, names, kind)

    def bind(self, values: Mapping[str, float], labels: Mapping[str, str]) -> Bound:
        """Make one record's values ready; what is absent, not finite or not text that CEL can hold has no value."""
        data: dict[str, float | str] = {}
        for name in self._fields:
            value = values.get(name)
            if value is not None and math.isfinite(value):
                data[_PREFIX + name] = float(value)
        for name in self._labels:
            text = labels.get(name)
            if text is not None and _holdable(text):
                data[_PREFIX + name] = text
        return Bound(self._env.Activation(data), data)

    def binder(self, names: Container[str]) -> Binder:
        """Give what binds only these of the names."""
        fields = tuple(name for name in self._fields if name in names)
        return Binder(self._env, fields, tuple(name for name in self._labels if name in names))

    def _compile(self, text: str) -> tuple[Callable[[Any], Any], frozenset[str], str, bytes]:
        if len(text) > LONGEST or not _holdable(text):
            raise ConditionError(f"{text[:40]!r}... is no condition", hint=f"At most {LONGEST} characters of plain text.")
        try:
            compiled = self._env.compile(text)
            serialized = compiled.serialize()
            references = checked_ast.references(serialized)
            runnable = self._env.deserialize(checked_ast.guarded(serialized, references))
        except (RuntimeError, TypeError) as problem:
            raise self._refusal(text, str(problem)) from problem
        used = (reference.name for reference in references if reference.name.startswith(_PREFIX))
        names = frozenset(name.removeprefix(_PREFIX) for name in used)
        return runnable.eval, names, compiled.return_type().name(), serialized

    def _refusal(self, text: str, problem: str) -> ConditionError:
        found = _POSITION.search(problem)
        if found is None:
            return ConditionError(f"{_short(text)}: {problem.splitlines()[0]}")
        line, column, message = int(found[1]), int(found[2]), found[3].removesuffix(" (in container '')")
        message = message.replace(f" (in container '{_CONTAINER}')", "")
        place = f"at line {line}, character {column} of " if column > 0 else "in "
        return ConditionError(f"{message}, {place}{_short(text)}", hint=self._hint(text, message))

    def _hint(self, text: str, message: str) -> str | None:
        undeclared = _UNDECLARED.search(message)
        if undeclared is not None:
            meant = documents.nearest(undeclared[1], self.names)
            return f"did you mean {meant!r}?" if meant else f"known here: {', '.join(self.names)}"
        if "(double, int)" in message or "(int, double)" in message:
            number = _INTEGER.search(text)
            example = f"write {number[1]}.0 instead of {number[1]}" if number else "write 90.0 instead of 90"
            return f"every number of a record is a double: {example}"
        return None


def pattern(text: str) -> Callable[[str], bool]:
    """Compile an anchored RE2 pattern, which matches in linear time whatever it is and whatever it meets.

    Raises:
        ConditionError: it is no RE2 pattern.
    """
    language = Language((), ("text",))
    # Tried by itself first: `a)|(b` would be a pattern once it stands inside the anchors, and an unanchored one.
    if _holdable(text) and language.condition(f"text.matches({_quoted(text)})").holds(language.bind({}, {"text": ""})) is not None:
        anchored = language.condition(f"text.matches({_quoted(_ANCHORED.format(text))})")
        return lambda value: anchored.holds(language.bind({}, {"text": value})) is True
    raise ConditionError(f"{text!r} is no regular expression", hint="The syntax is RE2's: no look-around, no back-references.")


def _quoted(text: str) -> str:
    """Write a CEL string literal."""
    return '"' + "".join(f"\\U{ord(c):08x}" if c in '"\\' or not c.isprintable() else c for c in text) + '"'


def _holdable(text: str) -> bool:
    """Tell whether the library can hold a text: it cuts at a NUL and fails on half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:100] + "...")  # noqa: PLR2004 - what fits on a line


def _guards() -> list[Any]:
    functions = {"divide_double": _divide, "multiply_double": _multiply, "add_double": _add, "subtract_double": _subtract}
    return [_guard(name, functions[overload]) for overload, (_, name) in checked_ast.GUARDED.items()]


def _guard(name: bytes, function: Callable[[float, float], float]) -> Any:  # noqa: ANN401 - the library's own type
    double = cel.Type.DOUBLE
    overload = cel.Overload(f"guarded_{function.__name__}", double, [double, double], is_member=False, impl=function)
    return cel.FunctionDecl(name.decode(), [overload])


def _divide(left: float, right: float) -> float:
    return _finite(left / right)  # a zero raises ZeroDivisionError, which the library turns into an error value


def _multiply(left: float, right: float) -> float:
    return _finite(left * right)


def _add(left: float, right: float) -> float:
    return _finite(left + right)


def _subtract(left: float, right: float) -> float:
    return _finite(left - right)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise OverflowError("the result is not finite")
    return value
