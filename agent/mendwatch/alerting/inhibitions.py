"""Which rule silences which: names that exist, labels that both have, no circle. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.config.documents import Fault, nearest


def ordered(found: Sequence[CompiledRule], faults: list[Fault], written: Collection[str] = ()) -> list[CompiledRule]:
    """Give the rules with every inhibitor before whom it inhibits; note what is wrong between them.

    `written` are the names of all rules, also of those that have faults of their own: nobody is told that these are unknown.
    """
    by_name: dict[str, CompiledRule] = {}
    for item in found:
        first = by_name.setdefault(item.rule.alert, item)
        if first is not item and (not written or item.rule.alert in written):  # two names that cannot be read are no one name
            faults.append(Fault(_where(item), f"the alert {item.rule.alert!r} exists already, at {_where(first)}", "Rename one."))
    for item in found:
        _check(item, by_name, faults, written)
    return _sorted(by_name, faults)


def _check(item: CompiledRule, by_name: Mapping[str, CompiledRule], faults: list[Fault], written: Collection[str]) -> None:
    for inhibition in item.rule.inhibited_by:
        other = by_name.get(inhibition.alert)
        if other is None and inhibition.alert in written:
            continue
        if other is None:
            meant = nearest(inhibition.alert, by_name)
            hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(sorted(by_name))}"
            faults.append(Fault(_where(item), f"inhibited_by: unknown alert {inhibition.alert!r}", hint))
            continue
        for label in inhibition.equal:
            lacking = [rule.rule.alert for rule in (item, other) if label not in rule.known.labels]
            if lacking:
                both = [name for name in item.known.labels if name in other.known.labels]
                message = f"inhibited_by: equal: {' and '.join(lacking)} has no label {label!r}"
                faults.append(Fault(_where(item), message, f"both have: {', '.join(both) or 'none'}"))


def _sorted(by_name: Mapping[str, CompiledRule], faults: list[Fault]) -> list[CompiledRule]:
    """Repeatedly take the rules whose inhibitors are all placed; what remains waits for itself."""
    placed: dict[str, CompiledRule] = {}
    waiting = dict(by_name)
    while waiting:
        ready = [name for name, item in waiting.items() if not (_inhibitors(item, by_name) - set(placed))]
        if not ready:
            first = next(iter(waiting.values()))
            faults.append(Fault(_where(first), f"inhibited_by: a circle of {', '.join(sorted(waiting))}", "Break it at one rule."))
            break
        placed |= {name: waiting.pop(name) for name in ready}
    return list(placed.values())


def _inhibitors(item: CompiledRule, known: Iterable[str]) -> set[str]:
    return {inhibition.alert for inhibition in item.rule.inhibited_by} & set(known)


def _where(item: CompiledRule) -> str:
    return f"{item.rule.path}:{item.rule.line}:1"
