"""Conditions: CEL, compiled and type-checked at load, evaluated to True, False or None. The only importer of the CEL library.

Every field of a record is a DOUBLE, every label a STRING. What cannot be known is None and never True: the library gives
errors as values whose truth is True, divides by zero to infinity and cuts text at a NUL, and none of that leaves this module.

What the language has beyond CEL is written anew before the library sees it: literals with a unit become doubles, and each derived
value (`derived`) becomes a variable of its own, a slot. Nothing here knows rules, alerts or time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cel_expr_python import cel

from mendwatch.alerting import bounds, checked_ast, patterns, syntax, tree, tree_reader
from mendwatch.alerting.derivation import COUNT_WHERE, FUNCTIONS, Finder, Found
from mendwatch.alerting.derived import Derived, Now, Peers, Window
from mendwatch.alerting.quantities import Scale
from mendwatch.alerting.rewriting import Edit, Rewritten, offset, place, rewritten
from mendwatch.alerting.syntax import Node
from mendwatch.alerting.tokens import Misread
from mendwatch.alerting.units import Unit
from mendwatch.alerting.vocabulary import HIDDEN, NOW, Vocabulary
from mendwatch.config import documents
from mendwatch.errors import ContentError

#: The plain values that an expression can give to a playbook.
Plain = str | float | int | bool

# Names are looked up in this container first, so that a label may be called `type` as OneFS' quotas want, which is
# a word of CEL's own.
_CONTAINER = "record"
_PREFIX = f"{_CONTAINER}."
_POSITION = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_ANCHORED = r"\A(?s:{})\z"
#: What the variables of derived values begin with, and how many an environment has at first.
_SLOT = f"{_PREFIX}{HIDDEN}d"
_FIRST_SLOTS = 16
_PLAIN_TYPES = ("STRING", "DOUBLE", "INT", "BOOL")

T = TypeVar("T")


class ConditionError(ContentError):
    """An expression that cannot be used; the message says where in it."""

    default_hint = "See docs/write-a-rule.md for what a condition may say."


class Bound:
    """The values of one record, ready for any number of expressions of its language."""

    __slots__ = ("_data", "_texts", "activation")

    def __init__(self, activation: Any, data: Mapping[str, float | str], texts: Mapping[str, str]) -> None:  # noqa: ANN401
        self.activation = activation
        self._data = data
        self._texts = texts

    @property
    def present(self) -> frozenset[str]:
        """The names that have a value, and the texts of the derived values that there are."""
        return frozenset(self._texts.get(name, name.removeprefix(_PREFIX)) for name in self._data)


class Binder:
    """Makes a few values of many records ready, cheaply: those that the conditions of an agent's rules name."""

    __slots__ = ("_env", "_keys", "_texts", "derived", "fields", "labels")

    def __init__(self, language: Language, fields: tuple[str, ...], labels: tuple[str, ...], derived: tuple[Derived, ...]) -> None:
        slots = language.slots
        self._env = language.env
        self._texts = {slots[one.text]: one.text for one in derived}
        self.fields = fields
        self.labels = labels
        self.derived = derived
        self._keys = (*(_PREFIX + name for name in fields), *self._texts)

    def texts(self, labels: Mapping[str, str]) -> dict[str, float | str]:
        """Give what a record's labels add to each of its bindings; worked out once, as a record keeps its labels."""
        return {_PREFIX + name: labels[name] for name in self.labels if name in labels and _holdable(labels[name])}

    def bind(self, inputs: Iterable[float], texts: Mapping[str, float | str]) -> Bound:
        """Bind a value for each of `fields`, then one for each of `derived`; what is not finite has no value."""
        data: dict[str, float | str] = {
            key: float(value) for key, value in zip(self._keys, inputs, strict=True) if math.isfinite(value)
        }
        if texts:
            data.update(texts)
        return Bound(self._env.Activation(data), data, self._texts)


@dataclass(frozen=True, slots=True)
class _Made:
    """What compiling gives: the library's function, what is named, the type, the serialized tree, derived values by variable."""

    evaluate: Callable[[Any], Any]
    names: frozenset[str]
    type: str
    serialized: bytes
    inputs: Mapping[str, Derived] = field(default_factory=dict)


class _Compiled:
    """What a condition and an expression have in common.

    `names` are the record's own fields and labels that are named plainly; `derived` is what else must be known, each once. One
    that is `timely` can answer otherwise although no record changed: it names the present, or how long ago something was.
    """

    __slots__ = ("_evaluate", "_serialized", "derived", "inputs", "names", "text", "timely", "type")

    def __init__(self, text: str, made: _Made) -> None:
        self.text = text
        self.names = made.names
        self.type = made.type
        self.derived = tuple(made.inputs.values())
        #: From the names that derived values have in the tree to their texts.
        self.inputs = {name: one.text for name, one in made.inputs.items()}
        self.timely = any(isinstance(one, Now) or (isinstance(one, Window) and not one.seconds) for one in self.derived)
        self._evaluate = made.evaluate
        self._serialized = made.serialized

    @property
    def tree(self) -> tree.Node:
        """What it is made of, as it is evaluated: literals in base units, derived values by the names in `inputs`."""
        return tree_reader.read(self._serialized)

    def missing(self, bound: Bound) -> tuple[str, ...]:
        """Give what this names, by name or as derived value, and the record has no value for."""
        return tuple(sorted({*self.names, *self.inputs.values()} - bound.present))


class Condition(_Compiled):
    """An expression that answers yes or no."""

    __slots__ = ()

    def holds(self, bound: Bound) -> bool | None:
        """Give the answer, or None where a value is missing or the arithmetic has no result."""
        try:
            answer = self._evaluate(bound.activation).value()
        except RuntimeError:  # the iteration budget, raised and not returned
            return None
        # An error is a value too: a text, whose truth would be True.
        return answer if answer is True or answer is False else None


class Expression(_Compiled):
    """An expression that gives a text, a number or a truth value."""

    __slots__ = ()

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
    """The expressions that can be written over one kind of record, and over those that are joined to it.

    `slots` are the variables of the derived values that expressions have named so far, by their texts; they never change. `units`
    says what fields are measured in, `joins` gives the fields of each alias, with their units.
    """

    def __init__(
        self,
        fields: Iterable[str],
        labels: Iterable[str],
        *,
        units: Mapping[str, Unit] | None = None,
        joins: Mapping[str, Mapping[str, Unit | None]] | None = None,
    ) -> None:
        self.vocabulary = Vocabulary({name: (units or {}).get(name) for name in fields}, tuple(labels), dict(joins or {}))
        self.slots: dict[str, str] = {}
        self._conditions: dict[str, Condition] = {}
        self._derived: dict[str, Derived] = {}
        self._room = _FIRST_SLOTS
        self.env = self._new_env()

    @property
    def names(self) -> tuple[str, ...]:
        """Every field and every label that an expression may use."""
        return self.vocabulary.names

    @property
    def derived(self) -> tuple[Derived, ...]:
        """Every derived value that an expression of this language has named so far, in the order of their slots."""
        return tuple(self._derived.values())

    def condition(self, text: str) -> Condition:
        """Compile an expression that must answer yes or no.

        Raises:
            ConditionError: it is no CEL, names something unknown, or its types or units do not fit.
        """
        if text not in self._conditions:  # `clear` and `verify.when` are often the same
            self._conditions[text] = self._told(text, self._condition)
        return self._conditions[text]

    def expression(self, text: str) -> Expression:
        """Compile an expression that must give a text, a number or a truth value.

        Raises:
            ConditionError: as for a condition.
        """
        return self._told(text, self._expression)

    def bind(self, values: Mapping[str, float], labels: Mapping[str, str], derived: Mapping[str, float] | None = None) -> Bound:
        """Make one record's values ready; what is absent, not finite or not text that CEL can hold has no value.

        `derived` are values by the texts of what they are derived from; only what a condition of this language names has a place.
        """
        data: dict[str, float | str] = {}
        for name in self.vocabulary.fields:
            _put(data, _PREFIX + name, values.get(name))
        for text, slot in self.slots.items() if derived else ():
            _put(data, slot, (derived or {}).get(text))
        for name in self.vocabulary.labels:
            label = labels.get(name)
            if label is not None and _holdable(label):
                data[_PREFIX + name] = label
        return Bound(self.env.Activation(data), data, {slot: text for text, slot in self.slots.items()})

    def binder(self, names: Container[str], derived: Iterable[Derived] = ()) -> Binder:
        """Give what binds only these of the names, and these derived values."""
        fields = tuple(name for name in self.vocabulary.fields if name in names)
        labels = tuple(name for name in self.vocabulary.labels if name in names)
        return Binder(self, fields, labels, tuple(derived))

    def binder_of(self, compiled: Iterable[Condition | Expression]) -> Binder:
        """Give what binds everything that some expressions name."""
        listed = list(compiled)
        derived = {one.text: one for item in listed for one in item.derived}
        return self.binder(frozenset().union(*(item.names for item in listed)), derived.values())

    def _told(self, text: str, make: Callable[[str, Node], T]) -> T:
        """Read a text and make something of its tree; what is wrong is told in the words of the whole text."""
        try:
            return make(text, _parsed(text))
        except Misread as problem:
            line, column = place(text, problem.at)
            message = f"{problem.reason}, at line {line}, character {column} of {_short(text)}"
            raise ConditionError(message, hint=problem.hint) from problem

    def _condition(self, text: str, whole: Node) -> Condition:
        made = self._compile(text, whole, self._peers_in(text))
        if made.type != "BOOL":
            raise Misread(
                f"{_short(text)} gives {made.type}, not yes or no", whole.start, "Compare it with something, such as `> 90%`."
            )
        return Condition(text, made)

    def _expression(self, text: str, whole: Node) -> Expression:
        made = self._compile(text, whole, self._peers_in(text))
        if made.type not in _PLAIN_TYPES:
            raise Misread(f"{_short(text)} gives {made.type}; a variable is a text, a number or a truth value", whole.start)
        return Expression(text, made)

    def _peers_in(self, text: str) -> Callable[[Node], Derived]:
        return lambda node: self._peers(text, node)

    def _peers(self, text: str, node: Node) -> Derived:
        """Make what `count_where(condition, label, ...)` stands for."""
        if not node.parts:
            raise Misread(f"{COUNT_WHERE} needs a condition", node.start, f"Write {COUNT_WHERE}(true) for all.")
        inner, *labels = node.parts
        for label in labels:
            if label.kind != "name" or label.word not in self.vocabulary.labels:
                hint = self._meant(label.word, self.vocabulary.labels)
                raise Misread(f"{text[label.start : label.end]!r} is no label", label.start, hint)
        made = self._compile(text, inner, None)
        if made.type != "BOOL":
            raise Misread(f"{COUNT_WHERE} counts by a condition, not by {made.type}", inner.start, "Compare it with something.")
        own = " ".join(text[inner.start : inner.end].split())
        by = tuple(label.word for label in labels)
        canonical = f"{COUNT_WHERE}({', '.join((own, *by))})"
        return self._derived.get(canonical) or Peers(Condition(own, made), by, canonical)

    def _compile(self, text: str, part: Node, peers: Callable[[Node], Derived] | None) -> _Made:
        """Compile a part of a text; all places that are told are those of the whole text."""
        bounds.check(part)
        found = list(Finder(self.vocabulary, peers).find(part))
        scale = Scale(self.vocabulary, {one.node: one.unit for one in found}, text)
        scale.weigh(part)
        slots = {one.node: self._slot(one) for one in found}
        outside = [Edit(0, part.start, ""), Edit(part.end, len(text), "")]
        named = [Edit(node.start, node.end, name) for node, name in slots.items()]
        made = self._of_library(rewritten(text, [*outside, *named, *scale.edits]))
        inputs = {slots[one.node]: self._derived[one.value.text] for one in found}
        return replace(made, names=made.names - set(inputs), inputs=inputs)

    def _of_library(self, written: Rewritten) -> _Made:
        try:
            compiled = self.env.compile(written.text)
            serialized = compiled.serialize()
            references = checked_ast.references(serialized)
            runnable = self.env.deserialize(checked_ast.guarded(serialized, references))
        except (RuntimeError, TypeError) as problem:
            raise self._refusal(written, str(problem)) from problem
        used = (reference.name for reference in references if reference.name.startswith(_PREFIX))
        names = frozenset(name.removeprefix(_PREFIX) for name in used)
        return _Made(runnable.eval, names, compiled.return_type().name(), serialized)

    def _slot(self, found: Found) -> str:
        """Give the name of a derived value's variable; where there is no room for one more, make twice as much."""
        text = found.value.text
        if text not in self.slots:
            self.slots[text] = f"{_SLOT}{len(self.slots)}"
            self._derived[text] = found.value
            if len(self.slots) > self._room:
                self._room *= 2
                self.env = self._new_env()
        return self.slots[text].removeprefix(_PREFIX)

    def _new_env(self) -> Any:  # noqa: ANN401 - the library's own type
        """Give an environment with all names and room for slots; values bound for an earlier one fit it too."""
        variables = {_PREFIX + name: cel.Type.DOUBLE for name in self.vocabulary.fields}
        variables |= {_PREFIX + name: cel.Type.STRING for name in self.vocabulary.labels}
        variables |= {f"{_SLOT}{number}": cel.Type.DOUBLE for number in range(self._room)}
        return cel.NewEnv(variables=variables, container=_CONTAINER, functions=_guards())

    def _refusal(self, written: Rewritten, problem: str) -> Misread:
        found = _POSITION.search(problem)
        if found is None:
            return Misread(problem.splitlines()[0], 0)
        line, column, message = int(found[1]), int(found[2]), found[3].removesuffix(" (in container '')")
        message = message.replace(f" (in container '{_CONTAINER}')", "")
        at = written.origin(offset(written.text, line, column)) if column > 0 else 0
        return Misread(message, at, self._hint(message))

    def _hint(self, message: str) -> str:
        undeclared = _UNDECLARED.search(message)
        if undeclared is not None:
            return self._meant(undeclared[1], [*self.vocabulary.words(), *FUNCTIONS, COUNT_WHERE, NOW])
        if "(double, int)" in message or "(int, double)" in message:
            return "a double and a whole number do not mix: write 90.0 instead of 90, or double(...) around the whole number"
        return ""

    def _meant(self, word: str, known: Iterable[str]) -> str:
        words = list(known)
        meant = documents.nearest(word, words)
        return f"did you mean {meant!r}?" if meant else f"known here: {', '.join(words)}"


def _parsed(text: str) -> Node:
    if not _holdable(text):
        raise Misread("the expression has characters that no text can hold", 0, "Write plain text.")
    return syntax.parse(text)


def _put(data: dict[str, float | str], key: str, value: float | None) -> None:
    if value is not None and math.isfinite(value):
        data[key] = float(value)


class Patterns:
    """Compiles patterns, each once: making the library ready costs more than any of them."""

    def __init__(self) -> None:
        self._env = cel.NewEnv(variables={"text": cel.Type.STRING})
        self._known: dict[str, Callable[[str], bool]] = {}

    def compiled(self, text: str) -> Callable[[str], bool]:
        """Compile an anchored RE2 pattern, which matches in linear time whatever it is and whatever it meets.

        Raises:
            ConditionError: it is no RE2 pattern, or unfolds to too large a one.
        """
        if text not in self._known:
            self._known[text] = self._compiled(text)
        return self._known[text]

    def _compiled(self, text: str) -> Callable[[str], bool]:
        too_large = patterns.fault(text)
        if too_large:
            raise ConditionError(too_large, hint="Write a shorter one, or several rules.")
        # Tried by itself first: `a)|(b` would be a pattern once it stands inside the anchors, and an unanchored one.
        if not _holdable(text) or self._found(self._env.compile(f"text.matches({_quoted(text)})"), "") is None:
            raise ConditionError(
                f"{text!r} is no regular expression", hint="The syntax is RE2's: no look-around, no back-references."
            )
        anchored = self._env.compile(f"text.matches({_quoted(_ANCHORED.format(text))})")
        return lambda value: _holdable(value) and self._found(anchored, value) is True

    def _found(self, compiled: Any, value: str) -> bool | None:  # noqa: ANN401 - the library's own type
        """Tell whether a pattern is found in a text; None where it is no pattern."""
        found = compiled.eval(self._env.Activation({"text": value})).value()
        return found if found is True or found is False else None


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
