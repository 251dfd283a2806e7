"""From looks to what was seen of each subject: every condition is asked once, and only where a value that it names has changed.

A condition is a function of the values that it names, so the same values have the same answer. What comes out are the subjects
that something may follow for; by far the most looks end here: nothing was, and nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mendwatch.alerting.records import Look
from mendwatch.alerting.slices import Slices, Steps
from mendwatch.alerting.states import all_of, any_of
from mendwatch.alerting.subjects import Entry, Subject
from mendwatch.alerting.table import Poll, Source, Table
from mendwatch.model.rules import NoData

#: Units of one look, of one evaluation, and of meeting a subject for the first time; and how many answers are noted in one unit.
_LOOK, _ASK, _MEET, _NOTES = 2, 5, 20, 3


@dataclass(slots=True, eq=False)
class Seen:
    """What one reading said of a subject: the entries that it had, what `when` said of each, and of all together."""

    subject: Subject
    entries: list[Entry]
    answers: list[bool | None]
    when: bool | None = None

    @property
    def foremost(self) -> Entry:
        """The entry that speaks for the subject: the first that is in trouble, else the first."""
        return self.entries[self.answers.index(True) if True in self.answers else 0]

    def cleared(self) -> bool | None:
        """Put `clear` to all entries: it is over if all are; without `clear`, when `when` does not hold."""
        clear = self.subject.compiled.clear
        if clear is None:
            return None if self.when is None else not self.when
        return all_of(clear.holds(entry.bound()) for entry in self.entries)


def _rank(seen: Seen) -> int:
    return seen.subject.compiled.rank


@dataclass(slots=True)
class _Round:
    """One reading of a source as it is gone through. `several` are subjects with more than one record, which must all be asked."""

    poll: Poll
    table: Table
    source: Source
    slices: Slices
    found: list[Seen] = field(default_factory=list)
    several: dict[int, Seen] = field(default_factory=dict)

    def meet(self, labels: tuple[str, ...]) -> int:
        """Take a look at what was never seen before; gives its cost."""
        entry = self.table.entry(self.source, labels, self.poll)
        return _MEET * (1 + len(entry.subjects))

    def ask(self, entry: Entry) -> int:
        """Put the conditions of all its rules to an entry; gives their cost."""
        bound = entry.bound()
        entry.answers = [subject.compiled.when.holds(bound) for subject in entry.subjects]
        return _ASK * len(entry.subjects)

    def note(self, entry: Entry) -> None:
        """Note what follows for the subjects of an entry."""
        for subject, when in zip(entry.subjects, entry.answers, strict=True):
            if subject.owners > 1:
                self._note_one_of_several(subject, entry, when)
                continue
            subject.entries = (entry,)
            if when is not None:
                subject.answered = self.poll.now
            if _matters(subject, when):
                self.found.append(Seen(subject, [entry], [when], when))

    def settle(self) -> list[Seen]:
        """Bring together what the records of one subject said, and give everything in the order of evaluation."""
        for seen in self.several.values():
            seen.subject.entries = tuple(seen.entries)
            seen.when = any_of(seen.answers)
            if seen.when is not None:
                seen.subject.answered = self.poll.now
        matters = [seen for seen in self.found if id(seen.subject) not in self.several or _matters(seen.subject, seen.when)]
        return sorted(matters, key=_rank)

    def _note_one_of_several(self, subject: Subject, entry: Entry, when: bool | None) -> None:  # noqa: FBT001 - an answer
        seen = self.several.get(id(subject))
        if seen is None:
            seen = self.several[id(subject)] = Seen(subject, [], [])
            self.found.append(seen)
        seen.entries.append(entry)
        seen.answers.append(when)


def sighted(poll: Poll, table: Table, source: Source, looks: Iterable[Look], slices: Slices) -> Steps[list[Seen]]:
    """Take every look, and give the subjects that something may follow for."""
    this = _Round(poll, table, source, slices)
    looked = yield from _looked(this, looks)
    # Only now is known which subjects have more than one record.
    for entry in looked:
        this.note(entry)
        if slices.full(1 + len(entry.subjects) // _NOTES):
            yield
    return this.settle()


def _looked(this: _Round, looks: Iterable[Look]) -> Steps[list[Entry]]:
    """Take every look, ask the conditions, and give the entries that any rule concerns."""
    looked: list[Entry] = []
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
                units += this.ask(entry)
            looked.append(entry)
        if this.slices.full(units):
            yield
    return looked


def _matters(subject: Subject, when: bool | None) -> bool:  # noqa: FBT001 - an answer
    if subject.alert is not None or when:
        return True
    return when is None and subject.compiled.rule.no_data is NoData.FIRE
