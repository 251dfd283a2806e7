"""Writes docs/reference/rules.schema.json, the JSON Schema of a rule file, from the models that read one: they never differ.

usage: python tools/rules_schema.py          (rewrites the file)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from mendwatch.alerting.format import FileText, ForeignText, RuleText
from mendwatch.alerting.rule_test_format import RuleTestText
from mendwatch.config.durations import format_duration

FILE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "rules.schema.json"
_DURATION = {
    "type": ["string", "integer"],
    "minimum": 0,
    "maximum": 0,
    "pattern": r"^(0|(\d+(ms|[smhdwy]))+)$",
    "examples": ["30s", "5m", "1h30m", "7d"],
}


class _Generator(GenerateJsonSchema):
    """Writes durations as people write them, and a default only where it is one word."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> dict[str, Any]:  # noqa: ARG002 - the library's
        return dict(_DURATION)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        found = self.generate_inner(schema["schema"])
        default = schema.get("default")
        written = format_duration(default) if hasattr(default, "total_seconds") else default
        if isinstance(written, (str, int, bool)) and written != "":
            return {**found, "default": str(written) if isinstance(written, str) else written}
        return found


def render() -> str:
    """Give the text of the schema."""
    models = ((FileText, "validation"), (RuleText, "validation"), (ForeignText, "validation"), (RuleTestText, "validation"))
    adapters = [(model.__name__, mode, TypeAdapter(model)) for model, mode in models]
    _, found = TypeAdapter.json_schemas(adapters, by_alias=True, schema_generator=_Generator)
    parts = found["$defs"]
    parts["GroupText"]["properties"]["rules"]["items"] = {
        "if": {"properties": {"source": {"const": "alertmanager"}}, "required": ["source"]},
        "then": {"$ref": "#/$defs/ForeignText"},
        "else": {"$ref": "#/$defs/RuleText"},
    }
    whole = parts.pop("FileText")
    whole["properties"]["tests"]["items"] = {"$ref": "#/$defs/RuleTestText"}
    for part in (whole, *parts.values()):
        _without_titles(part)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A file of mendwatch's rules"}
    schema = {**head, **whole, "$defs": dict(sorted(parts.items()))}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _without_titles(part: dict[str, Any]) -> None:
    """Take away the titles that the library makes up of names."""
    part.pop("title", None)
    for field in part.get("properties", {}).values():
        field.pop("title", None)


if __name__ == "__main__":
    FILE.write_text(render(), "utf-8")
    print(f"wrote {FILE.name}")
