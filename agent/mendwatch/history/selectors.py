"""PromQL selectors: which series, over which range, ending when. The one place that knows promql_parser.

Only plain selectors are understood; whatever else a query contains is named in the refusal, because a number that
was computed differently from what was asked is worse than none. Text may come from a language model, so its length
is bounded (the parser overflows its stack on thousands of nested terms) and patterns are matched in linear time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import promql_parser
from pydantic import Field, TypeAdapter

from mendwatch.errors import UserError

#: Longer queries are refused unread. The parser was seen to crash the process at eight times this size.
MAX_LENGTH = 2000

#: The label that stands for the metric's name.
NAME = "__name__"
#: More conditions than this are refused; each is tried on every value that its label has.
MAX_MATCHERS = 10

_HINT = 'Write a selector such as powerscale_up{cluster=~"prod-.*"}, with a range like [1h] or an offset if you need one.'


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that a series lacks has the value ''."""

    label: str
    accepts: Callable[[str], bool]
    text: str


@dataclass(frozen=True, slots=True)
class Selector:
    """`metric` is the exact name where one was given; conditions on names otherwise are among the matchers.

    `range` is the width in `[...]`, None for an instant selector; `offset` shifts the end into the past.
    """

    text: str
    metric: str | None
    matchers: tuple[Matcher, ...]
    range: timedelta | None
    offset: timedelta

    @property
    def labels(self) -> frozenset[str]:
        """The labels that have a condition."""
        return frozenset(matcher.label for matcher in self.matchers)


def parse(text: str) -> Selector:
    """Read a selector.

    Raises:
        UserError: it is no PromQL, or more than a plain selector; the message names the part.
    """
    if len(text) > MAX_LENGTH:
        raise UserError(f"the query has {len(text)} characters; {MAX_LENGTH} are allowed", hint=_HINT)
    try:
        tree = promql_parser.parse(text)
    except (ValueError, UnicodeEncodeError) as problem:
        raise UserError(f"the query is no PromQL: {problem}", hint=_HINT) from problem
    return _selector(tree, text)


def _selector(tree: Any, text: str) -> Selector:  # noqa: ANN401 - promql_parser's nodes share no useful type
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    width = None
    if isinstance(tree, promql_parser.MatrixSelector):
        width, tree = tree.range, tree.vector_selector
    if not isinstance(tree, promql_parser.VectorSelector):
        raise _unsupported(_part(tree))
    if tree.at is not None:
        raise _unsupported("the @ modifier")
    if tree.matchers.or_matchers:
        raise _unsupported("`or` between matchers")
    name, matchers = _conditions(tree)
    return Selector(text, name, tuple(matchers), width, tree.offset or timedelta(0))


def _conditions(tree: promql_parser.VectorSelector) -> tuple[str | None, list[Matcher]]:
    """Give the exact name, where there is one, and all other conditions."""
    given = tree.matchers.matchers
    if len(given) > MAX_MATCHERS:
        raise UserError(f"the query has {len(given)} matchers; {MAX_MATCHERS} are allowed", hint=_HINT)
    name: str | None = tree.name
    matchers = []
    for found in given:
        if found.name == NAME and found.op == promql_parser.MatchOp.Equal and name is None:
            name = found.value
        else:
            matchers.append(_matcher(found))
    return name, matchers


def _matcher(found: promql_parser.Matcher) -> Matcher:
    value, ops = found.value, promql_parser.MatchOp
    if found.op == ops.Equal:
        return Matcher(found.name, lambda text: text == value, str(found))
    if found.op == ops.NotEqual:
        return Matcher(found.name, lambda text: text != value, str(found))
    accepts = _pattern(value)
    if found.op == ops.Re:
        return Matcher(found.name, accepts, str(found))
    return Matcher(found.name, lambda text: not accepts(text), str(found))


def _pattern(pattern: str) -> Callable[[str], bool]:
    """Compile a fully anchored pattern with Rust's engine: the parser's own dialect, and no pattern can stall the agent."""
    try:
        TypeAdapter(Annotated[str, Field(pattern=pattern)])  # by itself, so that `a)|(b` cannot leave its brackets below
        adapter: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=rf"\A(?s:{pattern})\z", strict=True)])
    except Exception as problem:  # pydantic_core's SchemaError, which pydantic does not name
        raise UserError(f"the pattern {pattern!r} is no regular expression: {problem}", hint=_HINT) from problem
    return adapter.validator.isinstance_python


def _part(tree: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(tree, promql_parser.AggregateExpr):
        return f"the aggregation {tree.op}"
    if isinstance(tree, promql_parser.Call):
        return f"the function {tree.func.name}()"
    if isinstance(tree, promql_parser.BinaryExpr):
        return f"the operator {tree.op}"
    if isinstance(tree, promql_parser.UnaryExpr):
        return "the sign before a selector"
    return "a subquery" if isinstance(tree, promql_parser.SubqueryExpr) else "a literal without a selector"


def _unsupported(part: str) -> UserError:
    return UserError(f"the history answers plain selectors; it does not support {part}", hint=_HINT)
