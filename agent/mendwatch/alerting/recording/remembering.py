"""From recorded readings to the windows that an agent would have had it not been restarted. Pure, in slices.

The readings go through the very code that fills windows when they are judged; no condition is asked. So a restart forgets nothing
that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mendwatch.alerting import weighing
from mendwatch.alerting.derived import Window
from mendwatch.alerting.panel import derived_of
from mendwatch.alerting.recording.events import SeriesKey
from mendwatch.alerting.recording.fitting import fitted
from mendwatch.alerting.rounds import Round
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import Slices, Steps
from mendwatch.alerting.table import REMEMBERED, Poll, Table
from mendwatch.alerting.windows import MOST
from mendwatch.model.samples import RecordSchema
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec

#: Points that the history gave, by series.
Recalled = Mapping[SeriesKey, Iterable[tuple[float, float]]]
#: Units of one slice: it runs in a thread beside the loop, which waits for the interpreter as long as that.
_SLICE = 500
#: A window is read from a little before its edge, so that its oldest part is whole.
_BEFORE = 1 + 2 / MOST


def reaches(rules: RuleSet) -> dict[str, timedelta]:
    """Give, for every schema over which a rule has a window, how far back the longest reaches.

    When something was last there (`age`, `absent_for`) is looked for as long as subjects are remembered.
    """
    found: dict[str, timedelta] = {}
    for item in rules.compiled:
        for one in derived_of(item):
            if isinstance(one, Window):
                schema = item.joined[one.alias].name if one.alias else item.rule.on
                reach = timedelta(seconds=one.seconds * _BEFORE) if one.seconds else REMEMBERED
                found[schema] = max(found.get(schema, reach), reach)
    return found


@dataclass(slots=True)
class Memory:
    """Takes readings in the order in which they were recorded. `table` is for an engine with the same rules.

    `targets` are those of now, by id: their labels may be others than they were. Only what was read up to `now` counts.
    """

    rules: RuleSet
    targets: Mapping[str, Target]
    now: datetime
    table: Table = field(init=False)
    readings: int = 0
    _reaches: Mapping[str, timedelta] = field(init=False)
    _recalled: Recalled = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reaches = reaches(self.rules)
        self.table = Table(self.rules, lambda target, metric, labels, _: self._recalled.get((target.id, metric, labels), ()))

    @property
    def since(self) -> datetime:
        """From when on readings are wanted."""
        return self.now - max(self._reaches.values(), default=timedelta())

    def wants(self, spec: CollectorSpec) -> bool:
        """Tell whether a rule has a window over anything that a collector gives."""
        return any(schema.name in self._reaches for schema in spec.schemas)

    def taking(self, poll: Poll, recalled: Recalled) -> Steps[None]:
        """Take one reading; `recalled` is what the history gave while it was judged."""
        target = self.targets.get(poll.target.id)
        if target is None or poll.now > self.now:
            return
        self._recalled = recalled
        of_now, slices = replace(fitted(poll, self.rules), target=target), Slices(_SLICE)
        for schema in of_now.spec.schemas:
            if schema.name in self._reaches and self.now - poll.now <= self._reaches[schema.name]:
                self.readings += 1
                yield from self._take(schema, of_now, slices)

    def _take(self, schema: RecordSchema, poll: Poll, slices: Slices) -> Steps[None]:
        source = self.table.source(schema, poll)
        looks = yield from source.looks(poll, slices)
        source.round += 1
        yield from weighing.took(Round(poll, self.table, source, slices), looks)
        if schema.name in poll.reading.complete or source.events is not None:
            yield from self.table.absent(source, poll, slices)
