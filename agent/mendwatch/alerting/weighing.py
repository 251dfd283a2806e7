"""Looks at records whose rules name more than the record itself: windows over time, joined records, and how many others there are.

Two steps in one reading: first every look is taken and remembered, then all is counted and every condition is asked. So no record
is judged by the last reading of its peers. A reading also has the records judged anew that join what it read, and those that it
lacks where a rule asks how long something is absent.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from mendwatch.alerting.records import Look
from mendwatch.alerting.rounds import Round
from mendwatch.alerting.slices import Steps, paced
from mendwatch.alerting.subjects import INTERVALS, Entry
from mendwatch.alerting.table import Source

#: Units of one look, of one window that remembers it, of one derived value, and of one count; and points that are worth one unit.
_LOOK, _WINDOW, _GAUGE, _COUNT, _POINTS = 2, 2, 4, 1, 4
_NOTHING = math.nan

#: For each slot that counts: the labels that must be equal, and how many records there are by their values.
Counts = dict[int, tuple[tuple[str, ...], Counter[tuple[str, ...]]]]


def looked(this: Round, looks: Iterable[Look]) -> Steps[list[Entry]]:
    """Take every look, then ask the conditions; gives the entries of whose subjects anything may follow."""
    source, now, noted = this.source, this.poll.now.timestamp(), []
    taken = yield from took(this, looks)
    counts = yield from _counted(this, source)
    for entry in taken:
        units = _weigh(source, entry, now, counts)
        if not entry.calm:
            noted.append(entry)
        if this.slices.full(units):
            yield
    return noted


def follow(this: Round) -> Steps[None]:
    """Have judged what the reading did not have: records whose absence a rule asks for, and those that join what it had."""
    if this.source.panel.timely and not this.source.complete:
        yield from _found_again(this)
        yield from _lacking(this)
    for other in this.table.dependants(this.source):
        if other is not this.source:
            yield from _joining(this, other)


def took(this: Round, looks: Iterable[Look]) -> Steps[list[Entry]]:
    """Take every look into the windows over it, and give the entries that any rule concerns."""
    source, now, moment, taken = this.source, this.poll.now, this.poll.now.timestamp(), []
    for labels, values, times in looks:
        entry = source.entries.get(labels)
        units = _LOOK
        if entry is None:
            if values is None:
                continue
            units = this.meet(labels)
            entry = source.entries[labels]
        entry.round = source.round
        if values is not None:
            entry.take(values, times, now)
            entry.remember(moment)
            units += _WINDOW * len(entry.trails)
            if entry.subjects:
                taken.append(entry)
        if this.slices.full(units):
            yield
    return taken


def _counted(this: Round, source: Source) -> Steps[Counts]:
    """Count the records of a source, for every slot that does."""
    counts: Counts = {}
    blank = (_NOTHING,) * len(source.panel.slots)
    for place in source.panel.counts:
        asked, by = source.panel.counter(place)
        counter: Counter[tuple[str, ...]] = Counter()
        for entry in paced(_present(source, this), this.slices, _COUNT):
            if entry is None:
                yield
            elif asked((*entry.own, *blank), entry.texts) is True:
                counter[_values(entry, by)] += 1
        counts[place] = by, counter
    return counts


def _present(source: Source, this: Round) -> list[Entry]:
    """Give the entries that are there: of a complete reading those that it had, else those that were looked at lately."""
    now, lately = this.poll.now, INTERVALS * source.interval
    return [
        entry
        for entry in list(source.entries.values())
        if (entry.round == source.round if source.complete else (now - entry.polled_at).total_seconds() < lately)
    ]


def _weigh(source: Source, entry: Entry, now: float, counts: Counts) -> int:
    """Work out what its rules derive, and ask them where anything is other than before; gives the cost."""
    numbers = (*entry.own, *_derived(source, entry, now, counts))
    cost = _GAUGE * len(entry.matched.slots) + sum(map(len, entry.trails.values())) // _POINTS
    if numbers == entry.numbers:
        return cost
    entry.numbers = numbers
    return cost + entry.ask()


def _derived(source: Source, entry: Entry, now: float, counts: Counts) -> list[float]:
    found = [_NOTHING] * len(source.gauges)
    for at in entry.matched.slots:
        if at in counts:
            by, counter = counts[at]
            found[at] = float(counter[_values(entry, by)])
        else:
            value = source.gauges[at](entry, now)
            found[at] = value if math.isfinite(value) else _NOTHING
    return found


def _found_again(this: Round) -> Steps[None]:
    """Take up the records of before a restart or a reload that no reading had since: how long they are absent goes on."""
    source = this.source
    for item in paced(list(source.inherited.items()), this.slices, _WINDOW):
        if item is None:
            yield
        elif item[1].marks and item[0] not in source.entries:
            this.meet(item[0])
            source.entries[item[0]].take(item[1].values, item[1].times, item[1].polled_at)


def _lacking(this: Round) -> Steps[None]:
    """Ask, of every record that the reading lacks, how long it is absent."""
    source, now = this.source, this.poll.now.timestamp()
    counts = yield from _counted(this, source)
    for entry in paced(list(source.entries.values()), this.slices, 1):
        if entry is None:
            yield
        elif entry.matched.timely and entry.polled_at != this.poll.now:
            numbers = (*[_NOTHING] * len(entry.own), *_derived(source, entry, now, counts))
            for at in entry.matched.timely:
                _note(this, entry, at, numbers)


def _joining(this: Round, other: Source) -> Steps[None]:
    """Judge anew the records that join what was just read; but not those whose own reading is too old to say anything."""
    now, schema = this.poll.now.timestamp(), this.source.schema.name
    counts = yield from _counted(this, other)
    for entry in paced(_present(other, this), this.slices, _GAUGE):
        if entry is None:
            yield
            continue
        places = entry.matched.joining.get(schema, ())
        if places:
            this.slices.full(_weigh(other, entry, now, counts))
        for at in places if not entry.calm else ():
            _note(this, entry, at, entry.numbers)


def _note(this: Round, entry: Entry, at: int, numbers: tuple[float, ...]) -> None:
    """Ask one rule of an entry, and note what follows."""
    answer = entry.matched.asks[at](numbers, entry.texts)
    if not this.note_one(entry.subjects[at], entry, numbers, answer):
        entry.calm = False


def _values(entry: Entry, labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([entry.labels.get(name, "") for name in labels])
