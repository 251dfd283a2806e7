"""Rules as the engine uses them: the nouns of `model.rules`, their expressions compiled, found by an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mendwatch.alerting.conditions import Condition, Expression, Language
from mendwatch.alerting.matchers import Index, Matcher
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.model.rules import Rule
from mendwatch.model.samples import RecordSchema


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to be evaluated. `rank` orders evaluation: an inhibitor comes before whom it inhibits.

    `joined` gives the schema of each name of `with:`. A rule with `source: alertmanager` has the schema of that name, no fields,
    the labels that it names, and a condition that always holds: whether the alert goes on, the messages tell.
    """

    rule: Rule
    known: KnownSchema
    language: Language
    matchers: tuple[Matcher, ...]
    when: Condition
    clear: Condition | None
    verify: Condition | None
    variables: Mapping[str, Expression]
    joined: Mapping[str, KnownSchema] = field(default_factory=dict)
    rank: int = 0


class RuleSet:
    """All rules of an agent; never changed, only replaced."""

    def __init__(self, compiled: Iterable[CompiledRule] = ()) -> None:
        self.compiled = tuple(compiled)
        self._by_name = {item.rule.alert: item for item in self.compiled}
        schemas = dict.fromkeys(item.rule.on for item in self.compiled)
        self._joined = frozenset(join.on for item in self.compiled for join in item.rule.joins)
        known = (one for item in self.compiled for one in (item.known, *item.joined.values()))
        self._schemas = {one.name: one.schema for one in known}
        self._indexes = {name: Index((item.matchers, item) for item in self.compiled if item.rule.on == name) for name in schemas}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules as nouns, in order of evaluation."""
        return tuple(item.rule for item in self.compiled)

    def get(self, alert: str) -> CompiledRule | None:
        """Give a rule by its alert's name."""
        return self._by_name.get(alert)

    def schema(self, name: str) -> RecordSchema | None:
        """Give a type of record as the rules know it; None where no rule is about it or joins it."""
        return self._schemas.get(name)

    def concerns(self, schema: str) -> bool:
        """Tell whether any rule is about this type of record, or joins it."""
        return schema in self._indexes or schema in self._joined

    def candidates(self, schema: str, labels: Mapping[str, str]) -> list[CompiledRule]:
        """Give the rules that concern a record."""
        index = self._indexes.get(schema)
        return index.find(labels) if index is not None else []
