"""From files and folders to a RuleSet: everything that is wrong is told at once, each with file, line and column.

A rule that cannot be understood is never half a rule: one fault anywhere, and nothing of the set is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mendwatch.alerting import inhibitions, salvage
from mendwatch.alerting.checks import compile_rule
from mendwatch.alerting.desk import Desk
from mendwatch.alerting.format import FileText, ForeignText, RuleText
from mendwatch.alerting.rule_test_format import RuleTestText
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.schemas import Schemas
from mendwatch.config import documents, folders
from mendwatch.config.documents import Document, Fault, Location
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import SOURCE_ALERTMANAGER

#: Keys that only a rule over the agent's own records has, and those that only a rule over an Alertmanager's alerts has.
_OWN_ONLY, _FOREIGN_ONLY = ("on", "when", "clear", "with"), ("target",)
_MISPLACED = {
    True: "Leave it out: its Alertmanager has judged already.",
    False: "Leave it out: the schema says which label names the target.",
}
_SUFFIXES = (".yaml", ".yml")
_PLACED = re.compile(r"(.+?:\d+:\d+): (.+)", re.DOTALL)


def load(paths: Iterable[Path], schemas: Schemas, remediations: Mapping[str, Remediation] | None = None) -> RuleSet:
    """Load every rule of the given files and folders.

    `remediations` are those that rules may name; None leaves that unchecked, as for a rule's own tests.

    Raises:
        ContentError: all faults of all files, one per line, with the nearest right word where there is one.
    """
    desk = Desk(schemas, remediations)
    found: list[CompiledRule] = []
    written: set[str] = set()
    for document in documents_in(paths, desk.faults):
        written.update(salvage.alerts(document.data))
        found.extend(_rules_of(document, desk))
    ranked = inhibitions.ordered(found, desk.faults, written)
    if desk.faults:
        hint = next((fault.hint for fault in desk.faults if fault.hint), None)
        raise ContentError("\n".join(map(str, desk.faults)), hint=hint, faults=desk.faults)
    return RuleSet(replace(item, rank=rank) for rank, item in enumerate(ranked))


def documents_in(paths: Iterable[Path], faults: list[Fault]) -> Iterator[Document]:
    """Read every rule file; one that cannot be read is a fault, and the others are still read."""
    for path in paths:
        files = files_in(path)
        if files is None:
            faults.append(Fault(f"{path}:1:1", "there is no such file or folder", "Check `rules:` in the configuration."))
            continue
        for file in files:
            try:
                yield documents.read(file)
            except ContentError as problem:
                faults.append(_unreadable(problem, file))


def files_in(path: Path) -> list[Path] | None:
    """Give the rule files that a path stands for, or None where it is nothing."""
    if path.is_dir():
        return sorted(file for file in folders.below(path) if file.suffix in _SUFFIXES and not file.name.startswith("."))
    return [path] if path.is_file() else None


def _unreadable(problem: ContentError, file: Path) -> Fault:
    """Give the fault of a file that is no YAML; its place stands before the message, where there is one."""
    found = _PLACED.match(str(problem))
    return Fault(found[1], found[2], problem.hint) if found else Fault(f"{file}:1:1", str(problem), problem.hint)


def _rules_of(document: Document, desk: Desk) -> Iterator[CompiledRule]:
    validated(FileText, document.data or {}, document, (), desk.faults)
    for number, group, rules in salvage.groups(document.data):
        for index, raw in enumerate(rules):
            base = ("groups", number, "rules", index)
            text = _rule_text(raw, document, base, desk.faults)
            compiled = compile_rule(text, group, document, base, desk) if text is not None else None
            if compiled is not None:
                yield compiled
    for index, raw in enumerate(salvage.tests(document.data)):
        validated(RuleTestText, raw, document, ("tests", index), desk.faults)


def _rule_text(raw: object, document: Document, base: Location, faults: list[Fault]) -> RuleText | ForeignText | None:
    """Validate one rule, by the format of its source; of one whose shape has faults, give what can be checked further."""
    foreign = isinstance(raw, dict) and raw.get("source") == SOURCE_ALERTMANAGER
    if isinstance(raw, dict):
        raw = _without_misplaced(raw, document, base, faults, foreign=foreign)
        return _as_far(ForeignText, raw, document, base, faults) if foreign else _as_far(RuleText, raw, document, base, faults)
    return _as_far(RuleText, raw, document, base, faults)


def _as_far(
    model: type[documents.M],
    raw: object,
    document: Document,
    base: Location,
    faults: list[Fault],
) -> documents.M | None:
    """Validate as far as possible: note the faults, and give what remains without them."""
    try:
        return model.model_validate(raw)
    except ValidationError as problem:
        _tell(problem, document, model, base, faults)
        return salvage.rest(model, raw, problem)


def _without_misplaced(
    raw: dict[Any, Any], document: Document, base: Location, faults: list[Fault], *, foreign: bool
) -> dict[Any, Any]:
    """Give a rule without the keys that a rule of its source cannot have; each is a fault."""
    misplaced = [key for key in (_OWN_ONLY if foreign else _FOREIGN_ONLY) if key in raw]
    for key in misplaced:
        which = "with" if foreign else "without"
        message = f"{key}: has no place in a rule {which} `source: {SOURCE_ALERTMANAGER}`"
        faults.append(Fault(document.where((*base, key)), message, _MISPLACED[foreign]))
    return {key: value for key, value in raw.items() if key not in misplaced}


def validated(
    model: type[documents.M],
    raw: object,
    document: Document,
    base: Location,
    faults: list[Fault],
) -> documents.M | None:
    """Validate one part of a document, or note its faults."""
    try:
        return model.model_validate(raw)
    except ValidationError as problem:
        _tell(problem, document, model, base, faults)
        return None


def _tell(
    problem: ValidationError,
    document: Document,
    model: type[BaseModel],
    base: Location,
    faults: list[Fault],
) -> None:
    """Note the faults of one part; who has no better hint is told what the key is for."""
    found = documents.faults_of(problem, document, model, base, explained=True)
    faults.extend(fault if fault.hint else replace(fault, hint="See docs/write-a-rule.md for an example.") for fault in found)
