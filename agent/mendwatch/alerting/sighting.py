"""From looks to what was seen of each subject: every condition is asked once, and only where a value that it names has changed.

A condition is a function of the values that it names, so the same values have the same answer. What comes out are the subjects
that something may follow for; by far the most looks end here: nothing was, and nothing is. `weighing` does it where rules name more
than a record itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from mendwatch.alerting import weighing
from mendwatch.alerting.records import Look
from mendwatch.alerting.rounds import Round, Seen
from mendwatch.alerting.slices import Slices, Steps
from mendwatch.alerting.subjects import Entry
from mendwatch.alerting.table import Poll, Source, Table

#: Units of one look; and how many answers are noted in one unit.
_LOOK, _NOTES = 2, 3


def sighted(poll: Poll, table: Table, source: Source, looks: Iterable[Look], slices: Slices) -> Steps[list[Seen]]:
    """Take every look, and give the subjects that something may follow for."""
    this = Round(poll, table, source, slices)
    yield from source.panel.prepare(slices)
    source.complete = source.schema.name in poll.reading.complete
    noted = yield from weighing.looked(this, looks) if source.weighs else _looked(this, looks)
    # Only now is known which subjects have more than one record.
    for entry in noted:
        this.note(entry)
        if slices.full(1 + len(entry.subjects) // _NOTES):
            yield
    if source.weighs:
        yield from weighing.follow(this)
    if source.events is not None:
        yield from _end_events(this)
    return this.settle()


def _looked(this: Round, looks: Iterable[Look]) -> Steps[list[Entry]]:
    """Take every look, ask the conditions, and give the entries of whose subjects anything may follow."""
    noted: list[Entry] = []
    entries, now, number = this.source.entries, this.poll.now, this.source.round
    for labels, values, times in looks:
        entry = entries.get(labels)
        units = _LOOK
        if entry is None:
            if values is None:
                continue
            units = this.meet(labels)
            entry = entries[labels]
        entry.round = number
        if values is not None and entry.subjects:
            if entry.take(values, times, now):
                entry.numbers = entry.own
                units += entry.ask()
            if not entry.calm:
                noted.append(entry)
        if this.slices.full(units):
            yield
    return noted


def _end_events(this: Round) -> Steps[None]:
    """Forget the events that hold no more; their alerts end as those do whose condition holds no more."""
    table, source = this.table, this.source
    alive = {id(subject) for entry in source.entries.values() if entry.round == source.round for subject in entry.subjects}
    for labels, entry in [item for item in source.entries.items() if item[1].round != source.round]:
        ending = [subject for subject in entry.subjects if subject.alert is not None and id(subject) not in alive]
        for subject in ending:
            alive.add(id(subject))  # it is told once, however many events it had
            this.over(subject)
        if not ending:
            table.forget(source, labels)
        if this.slices.full(1 + len(entry.subjects)):
            yield
    if this.poll.reading.events_complete:
        for subject in table.unseen(this.poll.target.id, source.schema.name):
            this.over(subject)
