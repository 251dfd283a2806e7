"""Holds one rule against what exists: schemas, labels, joins, remediations.

Every fault has its place and, where one is near, the word that would be right.
Nothing here reads files; `loading` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mendwatch.alerting import matchers, nouns, parameters, syntax
from mendwatch.alerting.conditions import Language
from mendwatch.alerting.desk import Desk, Place
from mendwatch.alerting.format import CommonText, ForeignText, RemediateText, RuleText
from mendwatch.alerting.matchers import Matcher
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.tokens import Misread
from mendwatch.alerting.vocabulary import MACROS, NOW
from mendwatch.config.documents import Document, Location
from mendwatch.model.rules import SOURCE_ALERTMANAGER
from mendwatch.model.samples import RecordSchema

#: The word in `guard.per` for the target itself, whatever its provider calls it.
PER_TARGET = "target"
#: How often an Alertmanager repeats an alert that goes on, by its own default, in seconds.
REPEAT_INTERVAL = 4 * 3600.0


def compile_rule(text: RuleText | ForeignText, group: str, document: Document, base: Location, desk: Desk) -> CompiledRule | None:
    """Give the rule ready for use, or None with its faults noted at the desk."""
    place = Place(document, base, desk)
    return _own(text, group, place) if isinstance(text, RuleText) else _foreign(text, group, place)


def _own(text: RuleText, group: str, place: Place) -> CompiledRule | None:
    before = len(place.desk.faults)
    known = place.desk.schemas.get(text.on)
    if known is None:
        place.unknown(("on",), "schema", text.on, place.desk.schemas)
        return None
    joined = _joined(text, known, place)
    if set(joined) != set(text.joins):
        return None
    language = place.desk.language(known, nouns.joins(text))
    key = tuple(text.key) if text.key is not None else known.labels
    _check_labels(text, key, known, place)
    _check_texts(text, language, place)
    when = place.attempt(("when",), language.condition, text.when)
    clear = place.attempt(("clear",), language.condition, text.clear) if text.clear is not None else None
    accepted = _matchers(text, place)
    variables, verify = parameters.check(text.remediate, language, place)
    if len(place.desk.faults) > before or when is None:
        return None
    rule = nouns.own_rule(text, group, key, place.document, place.base)
    return CompiledRule(rule, known, language, accepted, when, clear, verify, variables, joined)


def _foreign(text: ForeignText, group: str, place: Place) -> CompiledRule | None:
    """Compile a rule over an Alertmanager's alerts: its labels are those that it names, and it has no condition."""
    before = len(place.desk.faults)
    accepted = _matchers(text, place)
    known = foreign_schema(text.target, [*text.key, *(matcher.label for matcher in accepted), *_named(text.remediate)])
    language = place.desk.foreign_language(known)
    _check_labels(text, tuple(text.key), known, place)
    _check_texts(text, language, place)
    variables, verify = parameters.check(text.remediate, language, place)
    if verify is not None:
        hint = "Write `verify: {within: 20m}`: its Alertmanager tells when the alert is resolved."
        place.fault(("remediate", "verify", "when"), "an Alertmanager's alert has no values to measure", hint)
    if len(place.desk.faults) > before:
        return None
    rule = nouns.foreign_rule(text, group, place.document, place.base)
    return CompiledRule(rule, known, language, accepted, language.condition(nouns.ALWAYS), None, None, variables)


def foreign_schema(target_label: str, labels: Iterable[str]) -> KnownSchema:
    """Give the schema of an Alertmanager's alerts as a rule sees them: no fields, and the labels that it names."""
    own = tuple(dict.fromkeys(label for label in labels if label != target_label))
    return KnownSchema(RecordSchema(SOURCE_ALERTMANAGER, own, {}), target_label, REPEAT_INTERVAL, ())


def _named(text: RemediateText | None) -> list[str]:
    """Give the labels that variables name; an expression that cannot be read names none, and is refused later."""
    found: list[str] = []
    for source in text.variables.values() if text is not None else ():
        try:
            nodes = list(syntax.parse(source).walk())
        except Misread:
            continue
        items = {node.parts[1].word for node in nodes if node.kind == "call" and node.word in MACROS and len(node.parts) > 1}
        found += [node.word for node in nodes if node.kind == "name" and node.word not in items and node.word != NOW]
    return found


def _joined(text: RuleText, known: KnownSchema, place: Place) -> Mapping[str, KnownSchema]:
    """Give the schemas that `with:` names, those that can be joined."""
    found: dict[str, KnownSchema] = {}
    for alias, join in text.joins.items():
        location = ("with", alias)
        if alias in known.schema.fields or alias in known.labels or alias == NOW:
            place.fault(location, f"{alias!r} is a field or a label of {text.on} already", "Choose another name.")
            continue
        other = place.desk.schemas.get(join.on)
        if other is None:
            place.unknown((*location, "on"), "schema", join.on, place.desk.schemas)
        elif _joinable(join.equal, (known, other), location, place):
            found[alias] = other
    return found


def _joinable(equal: Iterable[str], both: tuple[KnownSchema, KnownSchema], location: Location, place: Place) -> bool:
    """Tell whether two schemas can be joined on these labels; both must have them, and the target's own is among them."""
    before = len(place.desk.faults)
    labels = list(equal)
    target_labels = {known.target_label for known in both}
    for index, label in enumerate(labels):
        for known in both:
            if label not in known.labels:
                place.unknown((*location, "equal", index), f"label of {known.name}", label, known.labels)
    if len(target_labels) > 1:
        message = f"{both[0].name} and {both[1].name} are of different kinds of targets"
        place.fault(location, message, "Records are joined within one target.")
    elif both[0].target_label not in labels:
        label = both[0].target_label
        place.fault((*location, "equal"), f"the target's label {label!r} is missing", f"add {label} to `equal`")
    return len(place.desk.faults) == before


def _matchers(text: CommonText, place: Place) -> tuple[Matcher, ...]:
    def parse(text: str) -> Matcher:
        return matchers.parse(text, place.desk.patterns)

    parsed = (place.attempt(("match", index), parse, item) for index, item in enumerate(text.match))
    return tuple(matcher for matcher in parsed if matcher is not None)


def _check_labels(text: CommonText, key: tuple[str, ...], known: KnownSchema, place: Place) -> None:
    for index, label in enumerate(text.key or ()):
        if label not in known.labels:
            place.unknown(("key", index), "label", label, known.labels)
    if known.target_label not in key:
        place.fault(("key",), f"the target's label {known.target_label!r} is missing", f"add {known.target_label} to the key")
    _check_other_labels(text, known, place)


def _check_other_labels(text: CommonText, known: KnownSchema, place: Place) -> None:
    for index, label in enumerate(text.freezes or ()):
        if label not in known.labels:
            place.unknown(("freezes", index), "label", label, known.labels)
    for index, label in enumerate(text.remediate.guard.per if text.remediate is not None else ()):
        if label not in {PER_TARGET, *known.labels}:
            place.unknown(("remediate", "guard", "per", index), "label", label, (PER_TARGET, *known.labels))


def _check_texts(text: CommonText, language: Language, place: Place) -> None:
    for name, source in text.annotations.items():
        for message, hint in place.desk.texts.faults(source, language.names):
            place.fault(("annotations", name), f"{name}: {message}", hint)
