"""Everything that an engine needs to go on under other rules, put together beside the one that still works."""

from __future__ import annotations

from datetime import datetime

from mendwatch.alerting.foreign import Foreign, ForeignSubject
from mendwatch.alerting.raised import Raised
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import Slices, Steps, paced
from mendwatch.alerting.subjects import Subject
from mendwatch.alerting.table import Table
from mendwatch.model.alerts import Alert

#: Units of one subject that is taken over.
_ADOPT = 20


class Heirs:
    """The new table, what is raised, and the alerts that go on."""

    def __init__(self, rules: RuleSet, table: Table, foreign: Foreign) -> None:
        self.table = Table(rules, table.recall)
        self.foreign = Foreign(rules, foreign.targets)
        self.raised = Raised(rules.rules)
        self.live: dict[tuple[str, str], Subject] = {}
        self._before, self._foreign_before = table, foreign

    def inherit(self, now: datetime, slices: Slices) -> Steps[None]:
        """Take over windows, the words of others, and since when the silent are silent whose silence is trouble."""
        yield from self.table.inherit(self._before, now, slices)
        for subject in paced(self._before.alarming(), slices, _ADOPT):
            if subject is None:
                yield
            elif subject.alert is None and self._same(subject):
                self.table.adopt(subject, None)
        words = [word for one in self._foreign_before for word in (*one.resolved.values(), *one.going_on.values())]
        yield from self.foreign.take(words, now, slices)

    def adopt(self, subject: Subject, alert: Alert) -> bool:
        """Take over a subject with its alert; False where no new rule knows it."""
        if isinstance(subject, ForeignSubject):
            heir: Subject | None = self.foreign.restore(alert)
        else:
            heir = self.table.adopt(subject, alert)
        if heir is None:
            return False
        self.live[alert.rule, alert.fingerprint] = heir
        self.raised.changed(None, alert)
        return True

    def _same(self, subject: Subject) -> bool:
        """Tell whether a silent subject's rule is as it was."""
        compiled, before = self.table.rules.get(subject.compiled.rule.alert), subject.compiled.rule
        return compiled is not None and compiled.rule.digest == before.digest
