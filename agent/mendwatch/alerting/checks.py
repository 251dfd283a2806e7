"""Holds one rule against what exists: schemas, labels, remediations.

Every fault has its place and, where one is near, the word that would be right.
Nothing here reads files; `loading` does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mendwatch.alerting import matchers
from mendwatch.alerting.conditions import Condition, Expression, Language
from mendwatch.alerting.format import RemediateText, RuleText
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.schemas import KnownSchema, Schemas
from mendwatch.config.documents import Document, Fault, Location, nearest
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import SOURCE_SAMPLES, Approval, Guard, Inhibition, Remediate, Rule, Verify
from mendwatch.render.renderer import Checker

#: The word in `guard.per` for the target itself, whatever its provider calls it.
PER_TARGET = "target"
#: Which JSON Schema types a value of each CEL type satisfies.
_FITS = {"STRING": {"string"}, "DOUBLE": {"number"}, "INT": {"integer", "number"}, "BOOL": {"boolean"}}

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    """What a rule is held against, and the faults found so far."""

    schemas: Schemas
    remediations: Mapping[str, Remediation] | None
    faults: list[Fault] = field(default_factory=list)
    languages: dict[str, Language] = field(default_factory=dict)
    texts: Checker = field(default_factory=Checker)

    def language(self, known: KnownSchema) -> Language:
        """Give the language of a schema, made once."""
        if known.name not in self.languages:
            self.languages[known.name] = Language(known.schema.fields, known.labels)
        return self.languages[known.name]


@dataclass(frozen=True, slots=True)
class _Place:
    """One rule in its file."""

    document: Document
    base: Location
    desk: Desk

    def fault(self, location: Location, message: str, hint: str | None = "") -> None:
        """Note a fault."""
        where = self.document.where((*self.base, *location))
        self.desk.faults.append(Fault(where, f"{location[0]}: {message}" if location else message, hint or ""))

    def attempt(self, location: Location, make: Callable[[str], T], text: str) -> T | None:
        """Compile one text, or note why it cannot be."""
        try:
            return make(text)
        except ContentError as problem:
            self.fault(location, str(problem), problem.hint)
            return None

    def unknown(self, location: Location, kind: str, word: str, known: Iterable[str]) -> None:
        """Note a word that means nothing, with the nearest that does."""
        names = sorted(known)
        meant = nearest(word, names)
        hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(names)}" if names else "there are none"
        self.fault(location, f"unknown {kind} {word!r}", hint)


def compile_rule(text: RuleText, group: str, document: Document, base: Location, desk: Desk) -> CompiledRule | None:
    """Give the rule ready for use, or None with its faults noted at the desk."""
    before = len(desk.faults)
    place = _Place(document, base, desk)
    known = desk.schemas.get(text.on)
    if text.source != SOURCE_SAMPLES:
        place.fault(("source",), f"{text.source} is not supported yet", "Leave it out: rules judge the agent's own samples.")
    if known is None:
        place.unknown(("on",), "schema", text.on, desk.schemas)
        return None
    language = desk.language(known)
    key = tuple(text.key) if text.key is not None else known.labels
    _check_labels(text, key, known, place)
    _check_annotations(text, language, place)
    when = place.attempt(("when",), language.condition, text.when)
    clear = place.attempt(("clear",), language.condition, text.clear) if text.clear is not None else None
    parsed = [place.attempt(("match", index), matchers.parse, item) for index, item in enumerate(text.match)]
    variables, verify = _check_remediate(text.remediate, language, place)
    if len(desk.faults) > before or when is None:
        return None
    rule = _rule(text, group, key, document, base)
    accepted = tuple(matcher for matcher in parsed if matcher is not None)
    return CompiledRule(rule, known, language, accepted, when, clear, verify, variables)


def _check_labels(text: RuleText, key: tuple[str, ...], known: KnownSchema, place: _Place) -> None:
    for index, label in enumerate(text.key or ()):
        if label not in known.labels:
            place.unknown(("key", index), "label", label, known.labels)
    if known.target_label not in key:
        place.fault(("key",), f"the target's label {known.target_label!r} is missing", f"add {known.target_label} to the key")
    if text.remediate is not None:
        for index, label in enumerate(text.remediate.guard.per):
            if label not in {PER_TARGET, *known.labels}:
                place.unknown(("remediate", "guard", "per", index), "label", label, (PER_TARGET, *known.labels))


def _check_annotations(text: RuleText, language: Language, place: _Place) -> None:
    for name, source in text.annotations.items():
        for message, hint in place.desk.texts.faults(source, language.names):
            place.fault(("annotations", name), f"{name}: {message}", hint)


def _check_remediate(
    text: RemediateText | None, language: Language, place: _Place
) -> tuple[dict[str, Expression], Condition | None]:
    if text is None:
        return {}, None
    variables = {}
    for name, source in text.variables.items():
        expression = place.attempt(("remediate", "variables", name), language.expression, source)
        if expression is not None:
            variables[name] = expression
    if place.desk.remediations is not None:
        remediation = place.desk.remediations.get(text.remediation)
        if remediation is None:
            place.unknown(("remediate", "remediation"), "remediation", text.remediation, place.desk.remediations)
        else:
            _check_parameters(text, variables, remediation.parameters, place)
    location = ("remediate", "verify", "when")
    return variables, place.attempt(location, language.condition, text.verify.when) if text.verify is not None else None


def _check_parameters(
    text: RemediateText, variables: Mapping[str, Expression], parameters: Mapping[str, object], place: _Place
) -> None:
    properties: Any = parameters.get("properties", {})
    required: Any = parameters.get("required", ())
    for name in text.variables:
        if name not in properties:
            place.unknown(("remediate", "variables", name), f"variable of {text.remediation}", name, properties)
    for name in required:
        if name not in text.variables:
            place.fault(("remediate", "variables"), f"{text.remediation} needs the variable {name!r}", f"add {name}: <expression>")
    for name, expression in variables.items():
        _check_type(name, expression, properties.get(name, {}), place)


def _check_type(name: str, expression: Expression, schema: Mapping[str, Any], place: _Place) -> None:
    wanted = schema.get("type")
    allowed = {wanted} if isinstance(wanted, str) else set(wanted or ())
    if allowed and not allowed & _FITS[expression.type]:
        hint = f"write int({expression.text})" if expression.type == "DOUBLE" and "integer" in allowed else ""
        message = f"{name} must be {' or '.join(sorted(allowed))}, and {expression.text!r} gives {expression.type}"
        place.fault(("remediate", "variables", name), message, hint)


def _rule(text: RuleText, group: str, key: tuple[str, ...], document: Document, base: Location) -> Rule:
    return Rule(
        alert=text.alert,
        group=group,
        on=text.on,
        when=text.when,
        clear=text.clear,
        match=tuple(text.match),
        key=key,
        hold=text.hold,
        keep_firing_for=text.keep_firing_for,
        stale_after=text.stale_after,
        no_data=text.no_data,
        source=text.source,
        inhibited_by=tuple(Inhibition(item.alert, tuple(item.equal)) for item in text.inhibited_by),
        labels=dict(text.labels),
        annotations=dict(text.annotations),
        remediate=_remediate(text.remediate),
        digest=digest(text),
        path=document.path,
        line=document.positions.get(base, (0, 0))[0],
    )


def digest(text: RuleText) -> str:
    """Give SHA-256 over the rule in canonical form: comments, order of keys and ways to write a duration do not matter."""
    plain = text.model_dump(mode="json", by_alias=True)
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _remediate(text: RemediateText | None) -> Remediate | None:
    if text is None:
        return None
    guard = text.guard
    return Remediate(
        remediation=text.remediation,
        variables=dict(text.variables),
        mode=text.mode,
        approval=Approval(**text.approval.model_dump()),
        verify=Verify(**text.verify.model_dump()) if text.verify is not None else None,
        guard=Guard(
            cooldown=guard.cooldown,
            max_runs=guard.max_runs[0],
            max_runs_window=guard.max_runs[1],
            concurrent=guard.concurrent,
            per=tuple(guard.per),
            max_targets=guard.max_targets,
            breaker_failures=guard.breaker.failures,
        ),
    )
