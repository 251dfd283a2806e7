"""Says an alert's texts in Prometheus' template language: labels by name, and numbers by asking for them anew. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from mendwatch.alerting import promql
from mendwatch.alerting.promql import Scope, Unsayable
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.errors import ContentError

_HOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
#: What a text can do with a number: as Jinja has it, and as Prometheus does.
_FORMATS = (
    (re.compile(r"pct\((.*)\)", re.DOTALL), "humanizePercentage"),
    (re.compile(r"gib\((.*)\)", re.DOTALL), 'humanize1024 | printf "%sB"'),
    (re.compile(r"duration\((.*)\)", re.DOTALL), "humanizeDuration"),
    (re.compile(r"(.*?)\s*\|\s*round\((\d)\)", re.DOTALL), 'printf "%.{}f"'),
    (re.compile(r"(.*?)\s*(?:\|\s*round\s*)?\|\s*int", re.DOTALL), 'printf "%.0f"'),
    (re.compile(r"(.*)", re.DOTALL), "humanize"),
)


def text(source: str, item: CompiledRule, scope: Scope) -> str | None:
    """Give a text as Prometheus' template; None where it says what has no counterpart."""
    if "{%" in source or "{#" in source:
        return None
    made, end = [], 0
    for hole in _HOLE.finditer(source):
        words = _hole(hole[1], item, scope)
        if words is None:
            return None
        made += [plain(source[end : hole.start()]), words]
        end = hole.end()
    return "".join([*made, plain(source[end:])])


def plain(source: str) -> str:
    """Keep a text from being taken for a template."""
    return source.replace("{{", '{{ "{{" }}')


def _hole(inner: str, item: CompiledRule, scope: Scope) -> str | None:
    labels = scope.known.labels
    if inner in labels:
        return f"{{{{ $labels.{inner} }}}}"
    found, shape = next((found, shape) for pattern, shape in _FORMATS if (found := pattern.fullmatch(inner)))
    asked = _query(found[1], item, replace(scope, matchers=tuple(f"{label}=%[{at}]q" for at, label in enumerate(labels, 1))))
    if asked is None:
        return None
    shape = shape.format(found[2]) if found.re.groups > 1 else shape
    arguments = " ".join(f"$labels.{label}" for label in labels)
    return f"{{{{ with printf `{asked}` {arguments} | query }}}}{{{{ . | first | value | {shape} }}}}{{{{ end }}}}"


def _query(expression: str, item: CompiledRule, scope: Scope) -> str | None:
    """Give what to ask Prometheus for; a text that names what a record has not, or does more than reckon, cannot be asked for."""
    try:
        compiled = item.language.expression(expression)
        return promql.number(compiled.tree, scope) if not compiled.derived else None
    except (ContentError, Unsayable):
        return None
