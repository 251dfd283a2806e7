"""YAML files with positions: every fault can say file:line:column and the nearest word that would be right.

Used for the configuration, for rules and for remediations, so that a person meets one way of being told. A value may be a
password, so no fault quotes one, and none has the library's error as its cause: that one shows the line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from mendwatch.config import wording
from mendwatch.errors import ContentError, UserError

Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_UNKNOWN = "extra_forbidden"
_BOOLEAN = "tag:yaml.org,2002:bool"
#: What the library quotes of a file: the name of an alias or of a tag, which is what a password without quotes becomes.
_QUOTED = re.compile(r"""\b(alias|anchor|tag|handle) (?:'[^']*'|"[^"]*")""")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where, and what to do."""

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and where each key and item stands (1-based line and column)."""

    path: str
    data: Any
    positions: dict[Location, tuple[int, int]]

    def where(self, location: Sequence[str | int] = ()) -> str:
        """Give `file:line:column` of a key or item; of its nearest parent where it is not in the file."""
        parts = tuple(location)
        while parts and parts not in self.positions:
            parts = parts[:-1]
        line, column = self.positions.get(parts, (1, 1))
        return f"{self.path}:{line}:{column}"


class _WrittenTwice(yaml.constructor.ConstructorError):
    """A key that is there twice; a key may be named."""


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is written twice: the second would silently win. Only `true` and `false` are truth values.

    YAML 1.1 also takes `on`, `off`, `yes` and `no` for them, and `on:` is a word of rules.
    """


def _construct_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise _WrittenTwice(None, None, f"the key {key!r} is written twice", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read(path: Path, error: type[UserError] = ContentError) -> Document:
    """Read one YAML file.

    Raises:
        UserError: of the given type, when the file cannot be read or is not YAML.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise error(f"{path}: cannot be read: {problem}", hint="Check the path and its permissions.") from problem
    return parse(text, str(path), error)


def parse(text: str, path: str, error: type[UserError] = ContentError) -> Document:
    """Parse YAML text that came from `path`."""
    node, data = _loaded(text, path, error)
    positions: dict[Location, tuple[int, int]] = {}
    if node is not None:
        _collect(node, (), positions)
    return Document(path, data, positions)


def _loaded(text: str, path: str, error: type[UserError]) -> tuple[yaml.Node | None, Any]:
    """Give the nodes and the plain data of a text."""
    loader: _StrictLoader | None = None
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as problem:
        raise error(_describe(problem, path), hint="Check the indentation and the quotes there.") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # the library's own, of values such as 2024-13-45
        raise error(f"{path}:1:1: not YAML: a value cannot be read as what it looks like", hint="Put values in quotes.") from None
    finally:
        if loader is not None:
            loader.dispose()


def validate(document: Document, model: type[M], error: type[UserError] = ContentError) -> M:
    """Validate a whole document against a pydantic model; all faults are told at once.

    Raises:
        UserError: of the given type; each fault is one line with its position and the nearest known key.
    """
    try:
        return model.model_validate(document.data if document.data is not None else {})
    except ValidationError as problem:
        faults = faults_of(problem, document, model)
        raise error("\n".join(map(str, faults)), hint=_hint(faults), faults=faults) from None


def faults_of(problem: ValidationError, document: Document, model: type[BaseModel], base: Location = ()) -> list[Fault]:
    """Turn pydantic's errors into faults with positions; `base` is where the model's data lies in the document.

    A mistyped key is one fault, not two: the key that was meant is not told as missing.
    """
    items: list[dict[str, Any]] = [dict(item) for item in problem.errors(include_url=False, include_input=False)]
    meant = {(*item["loc"][:-1], _meant(item["loc"], model)) for item in items if item["type"] == _UNKNOWN}
    told = [item for item in items if item["type"] != "missing" or tuple(item["loc"]) not in meant]
    return [_fault(item, document, model, base) for item in told]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that was most likely meant, or None."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def _fault(item: dict[str, Any], document: Document, model: type[BaseModel], base: Location) -> Fault:
    location: Location = base + tuple(item["loc"])
    where = document.where(location)
    if item["type"] == _UNKNOWN:
        known = sorted(_fields_at(model, tuple(item["loc"])[:-1]))
        meant = _meant(item["loc"], model)
        hint = f"did you mean {meant!r}?" if meant else f"known here: {', '.join(known)}" if known else ""
        return Fault(where, f"unknown key {item['loc'][-1]!r}", hint)
    path, words = wording.path(item["loc"]), wording.message(item)
    return Fault(where, f"{path}: {words}" if path else words, wording.hint(item))


def _meant(location: Location, model: type[BaseModel]) -> str | None:
    """Give the key that an unknown one was most likely meant to be."""
    return nearest(str(location[-1]), sorted(_fields_at(model, tuple(location)[:-1])))


def _fields_at(model: type[BaseModel], location: Location) -> set[str]:
    """Give the keys that the model at a location accepts, by walking the annotations."""
    current: Any = model
    for part in location:
        current = _step(_unwrap(current), part)
    current = _unwrap(current)
    return set(_keys(current)) if _is_model(current) else set()


def _step(current: Any, part: str | int) -> Any:  # noqa: ANN401 - annotations are of any type
    """Give the annotation of one part: a field of a model, or what a list or a mapping holds."""
    if _is_model(current):
        return next((info.annotation for name, info in current.model_fields.items() if part in {name, info.alias}), None)
    arguments = get_args(current)
    return arguments[-1] if arguments else None


def _unwrap(annotation: Any) -> Any:  # noqa: ANN401 - annotations are of any type
    """Take the `| None` and the Annotated off."""
    while get_origin(annotation) in {Union, UnionType, Annotated}:
        annotation = next(inner for inner in get_args(annotation) if inner is not type(None))
    return annotation


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - annotations are of any type
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _hint(faults: list[Fault]) -> str:
    alone = faults[0].hint if len(faults) == 1 else ""
    return alone or "Correct what is named; nothing was changed."


def _describe(problem: yaml.YAMLError, path: str) -> str:
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        return f"{path}: not YAML: {problem}"
    words = str(getattr(problem, "problem", None) or "it cannot be read")
    words = words if isinstance(problem, _WrittenTwice) else _QUOTED.sub(r"\1", words)
    return f"{path}:{mark.line + 1}:{mark.column + 1}: not YAML: {words}"


def _collect(node: yaml.Node, location: Location, positions: dict[Location, tuple[int, int]]) -> None:
    positions.setdefault(location, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            inner = (*location, key_node.value)
            positions[inner] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            _collect(value_node, inner, positions)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(item, (*location, index), positions)
