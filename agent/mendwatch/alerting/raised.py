"""Which alerts are raised, found by their rule's name and their labels: so that asking who holds a subject back costs one look-up.

Only rules that inhibit or freeze others are filed, and only by the labels that are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mendwatch.alerting import flaps
from mendwatch.model.alerts import Alert
from mendwatch.model.rules import Rule

_Identity = tuple[str, str]
#: An inhibitor's name, the labels that must be equal, and their values.
_Place = tuple[str, tuple[str, ...], tuple[str, ...]]


class Raised:
    """The raised alerts that can hold others back."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        listed = tuple(rules)
        self._freezers = [(rule.alert, rule.freezes) for rule in listed if rule.freezes is not None]
        inhibitors = [(item.alert, item.equal) for rule in listed for item in rule.inhibited_by]
        self._compared: dict[str, dict[tuple[str, ...], None]] = {}
        for name, equal in (*inhibitors, *self._freezers):
            self._compared.setdefault(name, {})[equal] = None
        self._filed: dict[_Place, set[_Identity]] = {}

    def changed(self, before: Alert | None, after: Alert) -> None:
        """Take the new state of an alert."""
        if after.rule not in self._compared:
            return
        for place in self._places(before) if before is not None else ():
            self._remove(place, (after.rule, after.fingerprint))
        for place in self._places(after):
            self._filed.setdefault(place, set()).add((after.rule, after.fingerprint))

    def inhibitor(self, rule: Rule, labels: Mapping[str, str]) -> str:
        """Give the first alert of `inhibited_by` that inhibits a subject with these labels, or nothing."""
        for inhibition in rule.inhibited_by:
            if (inhibition.alert, inhibition.equal, _values(inhibition.equal, labels)) in self._filed:
                return inhibition.alert
        return ""

    def freezer(self, rule: Rule, labels: Mapping[str, str]) -> str:
        """Give the first alert that freezes a subject with these labels, or nothing. A rule does not freeze itself."""
        for name, equal in self._freezers:
            if name != rule.alert and (name, equal, _values(equal, labels)) in self._filed:
                return name
        return ""

    def _places(self, alert: Alert) -> list[_Place]:
        if not flaps.is_raised(alert):
            return []
        return [(alert.rule, equal, _values(equal, alert.labels)) for equal in self._compared[alert.rule]]

    def _remove(self, place: _Place, identity: _Identity) -> None:
        filed = self._filed.get(place, set())
        filed.discard(identity)
        if not filed:
            self._filed.pop(place, None)


def _values(names: tuple[str, ...], labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)
