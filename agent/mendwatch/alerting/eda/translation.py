"""Says a rulebook's condition in the words of a rule: as CEL over a record, or as Alertmanager's matchers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mendwatch.alerting.eda.conditions import Comparison, Junction, Literal, Name, Negation, Tree, Unreadable
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.config.documents import nearest

_OPPOSITE = {"==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}
_SIGNS = {"and": " && ", "or": " || "}
_META = frozenset(".^$*+?()[]{}|\\")


def as_cel(tree: Tree, known: KnownSchema) -> str:
    """Give the condition in CEL over the fields and labels of a schema; empty where it asks only whether something is there.

    Raises:
        Unreadable: it names what the record does not have, or compares what cannot be compared.
    """
    return _cel(tree, known)


def as_matchers(tree: Tree) -> tuple[str, ...]:
    """Give the condition as matchers over an alert's labels, all of which must match.

    Raises:
        Unreadable: it says more than matchers can, or asks for alerts that are over.
    """
    return tuple(_matchers(tree))


def _cel(tree: Tree, known: KnownSchema) -> str:
    if isinstance(tree, Negation):
        inner = _cel(tree.part, known)
        return f"!({inner})" if inner else ""
    if isinstance(tree, Junction):
        parts = [part for item in tree.parts if (part := _cel(item, known))]
        return parts[0] if len(parts) == 1 else _SIGNS[tree.word].join(_bracketed(part) for part in parts)
    return _comparison(tree, known)


def _bracketed(part: str) -> str:
    return f"({part})" if " || " in part or " && " in part else part


def _comparison(item: Comparison, known: KnownSchema) -> str:
    name, is_text = _known(item.left, known)
    if item.operator == "defined":
        if item.negated:
            raise Unreadable(f"`{name} is not defined`: a value that is not there answers no question; see no_data", item.column)
        return ""  # a condition has no answer where a value is missing, which is what was meant
    made = _text_test(name, item) if is_text else _number_test(name, item)
    return f"!({made})" if item.negated and item.operator not in _OPPOSITE else made


def _known(name: Name, known: KnownSchema) -> tuple[str, bool]:
    """Give the name of a field or a label, and whether it is a text."""
    word = name.parts[-1]
    if name.parts[0] not in {"event", "fact"}:
        raise Unreadable(f"{'.'.join(name.parts)} is no attribute of the event", name.column)
    if word in known.schema.fields:
        return word, False
    if word in known.labels:
        return word, True
    meant = nearest(word, (*known.schema.fields, *known.labels))
    raise Unreadable(f"{known.name} has no {word!r}" + (f"; did you mean {meant!r}?" if meant else ""), name.column)


def _number_test(name: str, item: Comparison) -> str:
    operator = _OPPOSITE[item.operator] if item.negated and item.operator in _OPPOSITE else item.operator
    if operator == "in" and isinstance(item.right, tuple):
        return f"{name} in [{', '.join(_number(one, item) for one in item.right)}]"
    if operator not in _OPPOSITE:
        raise Unreadable(f"{name} is a number; `{operator}` is about texts", item.column)
    return f"{name} {operator} {_number(item.right, item)}"


def _number(value: Literal | tuple[Literal, ...] | None, item: Comparison) -> str:
    if isinstance(value, bool):
        return "1.0" if value else "0.0"  # flags are numbers here
    if isinstance(value, float):
        return repr(value)
    raise Unreadable(f"{item.left.parts[-1]} is a number and is compared with {value!r}", item.column)


def _text_test(name: str, item: Comparison) -> str:
    operator = _OPPOSITE[item.operator] if item.negated and item.operator in _OPPOSITE else item.operator
    if operator == "in" and isinstance(item.right, tuple):
        return f"{name} in [{', '.join(_text(one, item) for one in item.right)}]"
    if operator in {"==", "!="}:
        return f"{name} {operator} {_text(item.right, item)}"
    if operator == "contains":
        return f"{name}.contains({_text(item.right, item)})"
    if operator in {"match", "search", "regex"}:
        start = "^" if operator == "match" else ""
        return f"{name}.matches({_quoted(f'{start}{item.right}')})"
    raise Unreadable(f"{name} is a text; `{operator}` is about numbers", item.column)


def _text(value: Literal | tuple[Literal, ...] | None, item: Comparison) -> str:
    if isinstance(value, str):
        return _quoted(value)
    raise Unreadable(f"{item.left.parts[-1]} is a text and is compared with {value!r}", item.column)


def _matchers(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Negation):
        if not isinstance(tree.part, Comparison):
            raise Unreadable("`not (...)` over several comparisons cannot be said with matchers", 1)
        yield from _matcher(tree.part, negated=not tree.part.negated)
    elif isinstance(tree, Comparison):
        yield from _matcher(tree, negated=tree.negated)
    elif tree.word == "and":
        for part in tree.parts:
            yield from _matchers(part)
    else:
        yield _any_of(tree)


def _matcher(item: Comparison, *, negated: bool) -> Iterator[str]:
    label = _label(item.left)
    if label is None:
        if item.operator in {"==", "!="} and (item.operator == "==") != negated and item.right == "firing":
            return  # an alert that has ended is never trouble
        raise Unreadable("a rule is about alerts that fire; when they end, it ends", item.column)
    if item.operator == "defined":
        yield f'{label}=""' if negated else f'{label}!=""'
        return
    equal = item.operator in {"==", "!="} and isinstance(item.right, str)
    positive = (item.operator != "!=") != negated
    if equal:
        yield f"{label}{'=' if positive else '!='}{_quoted(str(item.right))}"
    else:
        yield f"{label}{'=~' if positive else '!~'}{_quoted(_pattern(item))}"


def _any_of(tree: Junction) -> str:
    """Say `x == "a" or x == "b"` as one pattern."""
    parts = [part for part in tree.parts if isinstance(part, Comparison) and part.operator == "==" and not part.negated]
    labels = {_label(part.left) for part in parts}
    if len(parts) < len(tree.parts) or len(labels) > 1 or None in labels or not all(isinstance(part.right, str) for part in parts):
        raise Unreadable("`or` over different labels cannot be said with matchers: write two rules", _first(tree))
    return f"{labels.pop()}=~{_quoted('|'.join(_literal_pattern(str(part.right)) for part in parts))}"


def _first(tree: Tree) -> int:
    while not isinstance(tree, Comparison):
        tree = tree.part if isinstance(tree, Negation) else tree.parts[0]
    return tree.column


def _pattern(item: Comparison) -> str:
    """Give an anchored pattern that says the same."""
    if item.operator == "in" and isinstance(item.right, tuple):
        return "|".join(_literal_pattern(str(one)) for one in item.right)
    if item.operator == "contains" and isinstance(item.right, str):
        return f".*{_literal_pattern(item.right)}.*"
    if item.operator == "match":
        return f"(?:{item.right}).*"
    if item.operator in {"search", "regex"}:
        return f".*(?:{item.right}).*"
    raise Unreadable(f"labels are texts; `{item.operator}` with {item.right!r} cannot be said with matchers", item.column)


def _label(name: Name) -> str | None:
    """Give the label that a name of an alert means; None for its status."""
    parts = tuple(part for part in name.parts if part not in {"event", "events", "alert", "alerts", "payload"})
    if parts[-1:] == ("status",) and len(parts) == 1:
        return None
    if len(parts) == 2 and parts[0] in {"labels", "commonLabels", "groupLabels"}:  # noqa: PLR2004 - the map and the label
        return parts[1]
    raise Unreadable(f"{'.'.join(name.parts)} is no label of an alert", name.column)


def _literal_pattern(text: str) -> str:
    """Give a pattern that matches just this text, in RE2."""
    return "".join(f"\\{character}" if character in _META else character for character in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
