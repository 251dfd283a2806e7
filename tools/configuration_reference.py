"""Writes the tables of docs/configure.md from the descriptions of the settings and of the providers' options: they never differ.

usage: python tools/configuration_reference.py          (rewrites the page between its markers)
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mendwatch.config.durations import format_duration
from mendwatch.config.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configure.md"


def render(model: type[BaseModel]) -> str:
    """Give the table of a model: one row for each setting, nested ones with their path."""
    rows = ["| setting | default | what it is |", "| --- | --- | --- |"]
    rows += [f"| `{path}` | {_default(field)} | {field.description} |" for path, field in _walk(model, "")]
    return "\n".join(rows)


def page(text: str) -> str:
    """Give the page with every table renewed."""
    providers = {entry.name: entry.load() for entry in entry_points(group="mendwatch.providers")}
    tables = {"settings": Settings, **{f"options of {name}": provider.options_model for name, provider in providers.items()}}
    for name, model in tables.items():
        text = _renewed(text, name, render(model))
    return text


def _renewed(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{table}\n{end}{after}"


def _walk(model: type[BaseModel], prefix: str) -> list[tuple[str, FieldInfo]]:
    found: list[tuple[str, FieldInfo]] = []
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        inner, suffix = _inner(field.annotation)
        found.append((path, field))
        if inner is not None:
            found += _walk(inner, f"{path}{suffix}.")
    return found


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:  # noqa: ANN401 - annotations are of any type
    """Give the model inside an annotation, and how its place is written: `[]` in a list, `.<name>` in a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    suffix = {list: "[]", dict: ".<name>"}.get(get_origin(annotation), "")
    if suffix or get_origin(annotation) in {Union, UnionType}:
        for argument in get_args(annotation):
            inner, deeper = _inner(argument)
            if inner is not None:
                return inner, suffix + deeper
    return None, ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel) or value is PydanticUndefined:
        return ""
    if value is None or value in ([], {}, ()):
        return "none"
    if isinstance(value, tuple | list):
        return f"`[{', '.join(map(str, value))}]`"
    if hasattr(value, "total_seconds"):
        return f"`{format_duration(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
