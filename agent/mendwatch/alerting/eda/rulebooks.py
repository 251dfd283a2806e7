"""From a rulebook to a file of rules, and to a list of what it says that a rule cannot say. Pure.

Only what means the same is taken over: a rule that would fire otherwise than its author meant is worse than none. What is run
when a rule fires is not taken over at all; a playbook becomes a remediation only by a person's hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from mendwatch.alerting.eda import translation
from mendwatch.alerting.eda.conditions import Junction, Tree, Unreadable, parse
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.config.documents import Document, Fault, Location
from mendwatch.errors import ContentError

_WORD = re.compile(r"[A-Za-z0-9]+")
_LABEL = re.compile(r"([A-Za-z_]\w*)(=~|!~|!=|=)")
#: Actions that only tell; an alert tells by itself.
_TELLING = frozenset({"debug", "print_event", "none", "pg_notify", "echo"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A file of rules, how many rules it has, of how many there were, and what could not be taken over, with its place."""

    text: str
    taken: int
    found: int
    remarks: tuple[Fault, ...]


@dataclass(slots=True)
class _Taking:
    """What is being put together."""

    document: Document
    known: KnownSchema | None
    target_label: str
    remarks: list[Fault] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    found: int = 0

    def remark(self, location: Location, message: str, hint: str = "") -> None:
        """Note what is not taken over."""
        self.remarks.append(Fault(self.document.where(location), message, hint))


def convert(document: Document, known: KnownSchema | None, target_label: str = "cluster") -> Imported:
    """Take over what can be.

    `known` is the schema that the events of other sources than an Alertmanager mean; without one, those are told of. `target_label`
    is the label of an Alertmanager's alerts that carries the target's name.

    Raises:
        ContentError: it is no rulebook.
    """
    if not isinstance(document.data, list) or not all(isinstance(one, dict) and "rules" in one for one in document.data):
        raise ContentError(
            f"{document.path}: this is no rulebook", hint="A rulebook is a list of rulesets, each with sources and rules."
        )
    taking = _Taking(document, known, target_label)
    groups = [group for at, ruleset in enumerate(document.data) if (group := _group(ruleset, (at,), taking))["rules"]]
    taken = sum(len(group["rules"]) for group in groups)
    text = yaml.safe_dump({"groups": groups}, sort_keys=False, allow_unicode=True, width=120) if groups else ""
    return Imported(text, taken, taking.found, tuple(taking.remarks))


def _group(ruleset: Mapping[str, Any], base: Location, taking: _Taking) -> dict[str, Any]:
    from_alertmanager = _sources(ruleset, base, taking)
    rules = []
    for at, raw in enumerate(ruleset["rules"] or ()):
        taking.found += 1
        location = (*base, "rules", at)
        try:
            rules.append(_rule(raw, location, taking, from_alertmanager=from_alertmanager))
        except Unreadable as problem:
            taking.remark((*location, "condition"), f"{_name(raw)}: not taken over: {problem}, at character {problem.column}")
        except ContentError as problem:
            taking.remark(location, f"{_name(raw)}: not taken over: {problem}", problem.hint or "")
    return {"name": str(ruleset.get("name") or "imported"), "rules": rules}


def _sources(ruleset: Mapping[str, Any], base: Location, taking: _Taking) -> bool:
    """Tell whether the events are an Alertmanager's."""
    sources = [source for source in ruleset.get("sources") or () if isinstance(source, dict)]
    for at, source in enumerate(sources):
        if source.get("filters"):
            taking.remark((*base, "sources", at, "filters"), "filters of a source are not taken over")
    return any("alertmanager" in str(word) for source in sources for word in source)


def _rule(raw: Any, location: Location, taking: _Taking, *, from_alertmanager: bool) -> dict[str, Any]:  # noqa: ANN401 - foreign
    if not isinstance(raw, dict) or "condition" not in raw:
        raise ContentError("it has no condition")
    if raw.get("enabled") is False:
        raise ContentError("it is switched off")
    tree = _condition(raw["condition"])
    rule: dict[str, Any] = {"alert": _unique(_name(raw), taking)}
    rule |= _alertmanager(tree, taking) if from_alertmanager else _samples(tree, taking)
    rule["annotations"] = {"summary": _name(raw)}
    _actions(raw, location, taking)
    if "throttle" in raw:
        _throttle(raw["throttle"], (*location, "throttle"), taking)
    return rule


def _condition(raw: Any) -> Tree:  # noqa: ANN401 - foreign
    """Read a condition in any of the ways that a rulebook has."""
    if isinstance(raw, str):
        return parse(raw)
    if isinstance(raw, dict) and len(raw) == 1:
        word, parts = next(iter(raw.items()))
        if isinstance(parts, list) and parts and all(isinstance(part, str) for part in parts):
            if word == "any":
                return Junction("or", tuple(map(parse, parts)))
            if word == "all" and len(parts) == 1:
                return parse(parts[0])
            raise ContentError(f"`{word}` over several events has no counterpart", hint="Join records of one target by `with:`.")
    raise ContentError("its condition is none that a rule can have")


def _alertmanager(tree: Tree, taking: _Taking) -> dict[str, Any]:
    matchers = translation.as_matchers(tree)
    if not matchers:
        raise ContentError("it would match every alert", hint="Name at least one label, such as alertname.")
    varying = (found[1] for item in matchers if (found := _LABEL.match(item)) and found[2] != "=")
    key = dict.fromkeys([taking.target_label, *varying])
    return {"source": "alertmanager", "target": taking.target_label, "match": list(matchers), "key": list(key)}


def _samples(tree: Tree, taking: _Taking) -> dict[str, Any]:
    if taking.known is None:
        raise ContentError("what its events are is not known", hint="Name the schema that they mean with --on.")
    when = translation.as_cel(tree, taking.known)
    if not when:
        raise ContentError("it would hold for every record")
    return {"on": taking.known.name, "when": when}


def _actions(raw: Mapping[str, Any], location: Location, taking: _Taking) -> None:
    listed = raw.get("actions") or ([raw["action"]] if isinstance(raw.get("action"), dict) else [])
    for action in listed if isinstance(listed, list) else ():
        for word, arguments in action.items() if isinstance(action, dict) else ():
            if word in _TELLING:
                continue
            what = f" {arguments['name']}" if isinstance(arguments, dict) and "name" in arguments else ""
            hint = "Write a remediation for it and name it under `remediate:`; see docs/write-a-remediation.md."
            taking.remark(location, f"{_name(raw)}: the action {word}{what} is not taken over", hint)


def _throttle(raw: Any, location: Location, taking: _Taking) -> None:  # noqa: ANN401 - foreign
    parts = raw.items() if isinstance(raw, dict) else ()
    words = ", ".join(f"{name}: {value}" for name, value in parts if name != "group_by_attributes")
    hint = "An alert fires once until it is over; `for:` delays it, and `guard: {cooldown: ...}` spaces out what is done."
    taking.remark(location, f"the throttle ({words}) is not taken over", hint)


def _name(raw: Any) -> str:  # noqa: ANN401 - foreign
    return str(raw.get("name") or "a rule without a name") if isinstance(raw, dict) else "a rule"


def _unique(name: str, taking: _Taking) -> str:
    """Give an alert's name in the field's way of writing, other than those given before."""
    words = "".join(word[0].upper() + word[1:] for word in _WORD.findall(name)) or "Imported"
    made = words if not words[0].isdigit() else f"Rule{words}"
    names = (made if not number else f"{made}{number + 1}" for number in range(len(taking.names) + 1))
    chosen = next(one for one in names if one not in taking.names)
    taking.names.add(chosen)
    return chosen
