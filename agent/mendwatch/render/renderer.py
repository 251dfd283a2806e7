"""Jinja in a sandbox: templates by the project and its operators, values by anybody.

A value is never a template: it is put out literally, without hidden characters, and cut where it is too long. What is
rendered here is read by people and models and executed by nobody; Ansible never sees it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mendwatch.config import documents
from mendwatch.errors import ContentError
from mendwatch.render import cleaning, words

#: What a template may call, as a filter and as a function.
HELPERS = {
    "gib": words.gib,
    "pct": words.pct,
    "duration": words.duration,
    "pairs": words.pairs,
    "rows": words.rows,
    "untrusted": cleaning.untrusted,
}
_INLINE_KEPT = 1024


class Renderer:
    """Renders the templates of one folder, and single lines such as annotations."""

    def __init__(self, folder: Path) -> None:
        self._environment = _environment(jinja2.FileSystemLoader(folder))
        self._inline = functools.lru_cache(maxsize=_INLINE_KEPT)(self._environment.from_string)

    def text(self, template: str, values: Mapping[str, object]) -> str:
        """Render a template file.

        Raises:
            ContentError: there is no such template, it is not Jinja, or it names what is not in `values`.
        """
        try:
            return self._environment.get_template(template).render(values)
        except _PROBLEMS as problem:
            raise ContentError(f"the template {template} cannot be rendered: {problem}", hint=_HINT) from problem

    def inline(self, source: str, values: Mapping[str, object]) -> str:
        """Render one line that stands in a rule.

        Raises:
            ContentError: as for a file.
        """
        try:
            return self._inline(source).render(values)
        except _PROBLEMS as problem:
            raise ContentError(f"{source!r} cannot be rendered: {problem}", hint=_HINT) from problem


class Checker:
    """Finds what is wrong with a line before anybody renders it."""

    def __init__(self) -> None:
        self._environment = _environment(None)

    def faults(self, source: str, known: Iterable[str]) -> list[tuple[str, str]]:
        """Give (message, hint) pairs; `known` are the names that the line's values will have."""
        if "{" not in source:
            return []
        names = [*known, *HELPERS]
        try:
            undeclared = meta.find_undeclared_variables(self._environment.parse(source)) - set(names)
        except jinja2.TemplateError as problem:  # an unknown filter too
            return [(f"no template: {problem.message}", _HINT)]
        return [(f"unknown name {name!r}", _meant(name, names)) for name in sorted(undeclared)]


def _meant(name: str, names: Iterable[str]) -> str:
    meant = documents.nearest(name, names)
    return f"did you mean {meant!r}?" if meant else f"known here: {', '.join(names)}"


_HINT = "See docs/write-a-rule.md for what a text may say."
# Arithmetic on an absent value is a TypeError, a division a ZeroDivisionError: both belong to the template's text.
_PROBLEMS = (jinja2.TemplateError, TypeError, ArithmeticError, ValueError, AttributeError, LookupError)


def _environment(loader: jinja2.BaseLoader | None) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        finalize=cleaning.finalize,
        autoescape=False,  # the output is text, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= HELPERS
    environment.globals |= HELPERS
    return environment
