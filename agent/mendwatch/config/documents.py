"""YAML files with positions: every fault can say file:line:column and the nearest word that would be right.

Used for the configuration, for rules and for remediations, so that a person meets one way of being told. A value may be a
password, so no fault quotes one, and none has the library's error as its cause: that one shows the line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from mendwatch.config import wording
from mendwatch.errors import ContentError, UserError

Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_UNKNOWN = "extra_forbidden"
_BOOLEAN = "tag:yaml.org,2002:bool"
#: What the library raises: its own error, and Python's, of values such as 2024-13-45.
_LIBRARY_PROBLEMS = (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError)
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


#: libyaml reads about ten times as fast as Python does, and gives the same nodes with the same places.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: So many values with a place are a file that people wrote; aliases of aliases can stand for far more.
_MOST_PLACES = 500_000


class _Strict:
    """Refuses a key that is written twice: the second would silently win. Only `true` and `false` are truth values.

    YAML 1.1 also takes `on`, `off`, `yes` and `no` for them, and `on:` is a word of rules.
    """

    yaml_implicit_resolvers: ClassVar = {
        **{
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        },
        **{first: [(_BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"))] for first in "tTfF"},
    }


class _FastLoader(_Strict, _Base):  # type: ignore[misc] # either of the library's two loaders
    """Reads what is right."""


class _TellingLoader(_Strict, yaml.SafeLoader):
    """Tells what is wrong: it names the place where a bracket or a quote began, which the other does not."""


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:  # noqa: ANN401 - either of the two
    loader.flatten_mapping(node)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise _WrittenTwice(None, None, f"the key {key!r} is written twice", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_pairs(node, deep=True))


for _loader in (_FastLoader, _TellingLoader):
    _loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


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
    if node is not None and not _collect(node, (), positions):
        raise error(f"{path}:1:1: the file stands for too many values", hint="Write out what its aliases stand for, or split it.")
    return Document(path, data, positions)


def _loaded(text: str, path: str, error: type[UserError]) -> tuple[yaml.Node | None, Any]:
    """Give the nodes and the plain data of a text."""
    try:
        return _constructed(_FastLoader, text)
    except _LIBRARY_PROBLEMS as problem:
        raise _refusal(text, path, problem, error) from None


def _constructed(kind: Any, text: str) -> tuple[yaml.Node | None, Any]:  # noqa: ANN401 - either of the two
    loader = kind(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def _refusal(text: str, path: str, problem: Exception, error: type[UserError]) -> UserError:
    """Give what to tell of a text that is no YAML."""
    try:
        _constructed(_TellingLoader, text)
    except yaml.YAMLError as better:
        return error(_describe(better, path), hint="Check the indentation and the quotes there.")
    except _LIBRARY_PROBLEMS:
        pass
    if isinstance(problem, yaml.YAMLError):
        return error(_describe(problem, path), hint="Check the indentation and the quotes there.")
    return error(f"{path}:1:1: not YAML: a value cannot be read as what it looks like", hint="Put values in quotes.")


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


def faults_of(
    problem: ValidationError, document: Document, model: type[BaseModel], base: Location = (), *, explained: bool = False
) -> list[Fault]:
    """Turn pydantic's errors into faults with positions; `base` is where the model's data lies in the document.

    A mistyped key is one fault, not two: the key that was meant is not told as missing. Where nothing better is known, and
    faults are to be `explained`, the hint is what the model says of the field.
    """
    items: list[dict[str, Any]] = [dict(item) for item in problem.errors(include_url=False, include_input=False)]
    meant = {(*item["loc"][:-1], _meant(item["loc"], model)) for item in items if item["type"] == _UNKNOWN}
    told = [item for item in items if item["type"] != "missing" or tuple(item["loc"]) not in meant]
    found = [_fault(item, document, model, base) for item in told]
    if not explained:
        return found
    return [_explained(fault, tuple(item["loc"]), model) for fault, item in zip(found, told, strict=True)]


def _explained(fault: Fault, location: Location, model: type[BaseModel]) -> Fault:
    purpose = "" if fault.hint else described(model, location)
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    return replace(fault, hint=f"{key} is {purpose}") if purpose else fault


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that was most likely meant, or None."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def described(model: type[BaseModel], location: Location) -> str:
    """Give what the model says of the nearest described field on the way to a place, or nothing."""
    current: Any = model
    found = ""
    for part in location:
        current = _unwrap(current)
        if _is_model(current):
            found = (
                next((info.description for name, info in current.model_fields.items() if part in {name, info.alias}), "") or found
            )
        current = _step(current, part)
    return found


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


def _collect(node: yaml.Node, location: Location, positions: dict[Location, tuple[int, int]]) -> bool:
    """Note where a node and everything in it stand; False where that is more than anybody wrote."""
    mark = node.start_mark
    positions.setdefault(location, (mark.line + 1, mark.column + 1))
    if len(positions) > _MOST_PLACES:
        return False
    if isinstance(node, yaml.MappingNode):
        return all(_collect_pair(key, value, location, positions) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return all(_collect(item, (*location, index), positions) for index, item in enumerate(node.value))
    return True


def _collect_pair(key: yaml.Node, value: yaml.Node, location: Location, positions: dict[Location, tuple[int, int]]) -> bool:
    inner = (*location, key.value)
    positions[inner] = (key.start_mark.line + 1, key.start_mark.column + 1)
    return _collect(value, inner, positions)
