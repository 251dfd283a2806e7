"""One reading as it is gone through: what it says of each subject, and of which subjects anything may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mendwatch.alerting.slices import Slices
from mendwatch.alerting.states import all_of, any_of
from mendwatch.alerting.subjects import Entry, Subject
from mendwatch.alerting.table import Poll, Source, Table
from mendwatch.model.alerts import Record
from mendwatch.model.rules import NoData

#: Units of meeting a subject for the first time.
_MEET = 20


@dataclass(slots=True, eq=False)
class Seen:
    """What one reading said of a subject: its entries with the numbers that were judged, what `when` said of each, and of all.

    Without an entry the subject is over, and `when` is False.
    """

    subject: Subject
    entries: list[Entry]
    numbers: list[Sequence[float]]
    answers: list[bool | None]
    when: bool | None = None

    def record(self) -> Record | None:
        """Give the record that speaks for the subject: the first that is in trouble, else the first."""
        if not self.entries:
            return None
        return self.entries[self.answers.index(True) if True in self.answers else 0].record(self.subject.compiled)

    def cleared(self) -> bool | None:
        """Put `clear` to all entries: it is over if all are; without `clear`, when `when` does not hold."""
        compiled = self.subject.compiled
        if compiled.clear is None or not self.entries:
            return None if self.when is None else not self.when
        ask = self.entries[0].form.panel.ask(compiled.language, compiled.clear)
        return all_of(ask(numbers, entry.texts) for entry, numbers in zip(self.entries, self.numbers, strict=True))


def _rank(seen: Seen) -> int:
    return seen.subject.compiled.rank


@dataclass(slots=True)
class Round:
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

    def note(self, entry: Entry) -> None:
        """Note what follows for the subjects of an entry, and whether nothing did."""
        calm = True
        for subject, when in zip(entry.subjects, entry.answers, strict=True):
            calm &= self.note_one(subject, entry, entry.numbers, when)
        entry.calm = calm

    def note_one(self, subject: Subject, entry: Entry, numbers: Sequence[float], when: bool | None) -> bool:  # noqa: FBT001 - an answer
        """Note what an entry says of one subject; tells whether the same answer needs no note the next time."""
        if subject.owners > 1:
            self._note_one_of_several(subject, entry, numbers, when)
            return False
        subject.entries = (entry,)
        if when is not None:
            subject.answered = self.poll.now
        if _matters(subject, when):
            self.found.append(Seen(subject, [entry], [numbers], [when], when))
            return False
        return subject.compiled.rule.no_data is not NoData.FIRE

    def over(self, subject: Subject) -> None:
        """Note that a subject is over although nothing was measured of it."""
        subject.answered = self.poll.now
        self.found.append(Seen(subject, [], [], [], when=False))

    def settle(self) -> list[Seen]:
        """Bring together what the records of one subject said, and give everything in the order of evaluation."""
        for seen in self.several.values():
            seen.subject.entries = tuple(seen.entries)
            seen.when = any_of(seen.answers)
            if seen.when is not None:
                seen.subject.answered = self.poll.now
        matters = [seen for seen in self.found if id(seen.subject) not in self.several or _matters(seen.subject, seen.when)]
        return sorted(matters, key=_rank)

    def _note_one_of_several(self, subject: Subject, entry: Entry, numbers: Sequence[float], when: bool | None) -> None:  # noqa: FBT001
        seen = self.several.get(id(subject))
        if seen is None:
            seen = self.several[id(subject)] = Seen(subject, [], [], [])
            self.found.append(seen)
        seen.entries.append(entry)
        seen.numbers.append(numbers)
        seen.answers.append(when)


def _matters(subject: Subject, when: bool | None) -> bool:  # noqa: FBT001 - an answer
    if subject.alert is not None or when:
        return True
    return when is None and subject.compiled.rule.no_data is NoData.FIRE
