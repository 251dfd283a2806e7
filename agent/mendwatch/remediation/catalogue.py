"""Every remediation that may be done, loaded from folders; a broken one is refused and does not stop the others.

It reads files and starts no process. It must not know rules, runs or targets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mendwatch.config import documents
from mendwatch.config.documents import Document, Fault
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation, ResolveEvents, Risk, Timeouts
from mendwatch.remediation import digests, requirements
from mendwatch.remediation.format import RemediationFile, check

FILE = "remediation.yaml"
PLAYBOOK = "playbook.yaml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Catalogue(Mapping[str, Remediation]):
    """The good remediations by id, and what is wrong with the others.

    It is a mapping of the good ones; `faults` hold every fault of every broken one, each with file:line:column.
    """

    remediations: Mapping[str, Remediation]
    faults: tuple[Fault, ...] = ()

    def __getitem__(self, key: str) -> Remediation:
        return self.remediations[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.remediations)

    def __len__(self) -> int:
        return len(self.remediations)

    def raise_faults(self) -> None:
        """Raise all faults at once, for whoever must not go on with a broken one (`mendwatch check`).

        Raises:
            ContentError: there is at least one; each is a line.
        """
        if self.faults:
            hint = next((fault.hint for fault in self.faults if fault.hint), None)
            raise ContentError("\n".join(map(str, self.faults)), hint=hint, faults=self.faults)


def load(folders: Iterable[Path]) -> Catalogue:
    """Load `<folder>/<provider>/<name>/remediation.yaml` from each folder.

    The first of two with one id wins, so that an operator's own folder, named first, can replace a shipped remediation.
    """
    found: dict[str, Remediation] = {}
    faults: list[Fault] = []
    for root in (folder.absolute() for folder in folders):
        if not root.is_dir():
            faults.append(Fault(str(root), "there is no such folder", "correct `remediations:` in the configuration"))
        for file in sorted(root.glob(f"*/*/{FILE}")):
            remediation, wrong = _load_one(file)
            if remediation:
                found.setdefault(remediation.id, remediation)
            faults.extend(wrong)
    return Catalogue(found, tuple(faults))


def _load_one(file: Path) -> tuple[Remediation | None, list[Fault]]:
    try:
        document = documents.read(file)
        checked, faults = check(document)
        faults = [*_name_faults(file), *faults, *_playbook_faults(file, checked, document)]
        if checked is None or faults:
            return None, faults
        return _build(file.parent, checked), []
    except ContentError as problem:
        return None, [_as_fault(problem)]


def _build(folder: Path, checked: RemediationFile) -> Remediation:
    root = folder.parent.parent
    resolve = checked.resolve
    return Remediation(
        id=f"{folder.parent.name}/{folder.name}",
        title=checked.title,
        description=checked.description,
        risk=Risk(checked.risk),
        reversible=checked.reversible,
        idempotent=checked.idempotent,
        parameters=checked.parameters,
        preconditions=tuple(checked.preconditions),
        verification=checked.verification,
        rollback=checked.rollback,
        timeouts=_timeouts(checked),
        requires_collections=tuple(checked.requires.collections),
        requires_privileges=tuple(checked.requires.privileges),
        resolve=ResolveEvents(resolve.playbook, resolve.kind, dict(resolve.equal)) if resolve else None,
        digest=digests.compute(folder, root, checked.requires.collections),
        folder=folder,
        playbook=folder / PLAYBOOK,
        unavailable=requirements.missing(root, checked.requires.collections),
    )


def _timeouts(checked: RemediationFile) -> Timeouts:
    given = checked.timeouts
    return Timeouts(given.plan.total_seconds(), given.apply.total_seconds(), given.resolve.total_seconds())


def _name_faults(file: Path) -> Iterator[Fault]:
    for part in (file.parent.parent.name, file.parent.name):
        if not _NAME.fullmatch(part):
            yield Fault(f"{file}:1:1", f"the folder {part!r} cannot be part of an id", "use small letters, digits and underscores")


def _playbook_faults(file: Path, checked: RemediationFile | None, document: Document) -> Iterator[Fault]:
    """Look at every playbook: it must be there, be a list of plays, and declare the collections that it uses."""
    names = {PLAYBOOK: document.where()}
    if checked and checked.resolve:
        names[checked.resolve.playbook] = document.where(("resolve", "playbook"))
    for name, where in names.items():
        path = file.parent / name
        if not path.is_file():
            yield Fault(where, f"the playbook {name} is missing", f"write it beside {FILE}")
            continue
        playbook = documents.read(path)
        if not isinstance(playbook.data, list) or not all(isinstance(play, dict) for play in playbook.data):
            yield Fault(playbook.where(), "a playbook is a list of plays", "begin it with `- name: ...`")
        yield from _undeclared(path, checked)


def _undeclared(playbook: Path, checked: RemediationFile | None) -> Iterator[Fault]:
    """Tell of in-tree collections that a playbook uses without saying so: their files would not be in the digest."""
    if checked is None:
        return
    declared = {used.name for used in requirements.used(playbook.parent.parent.parent, checked.requires.collections)}
    lines = playbook.read_text("utf-8").splitlines()
    for name in requirements.names(playbook.parent.parent.parent):
        for number, line in enumerate(lines, 1):
            column = line.find(f"{name}.")
            if column >= 0 and name not in declared:
                yield Fault(
                    f"{playbook}:{number}:{column + 1}", f"uses the collection {name}", f"add it to requires.collections in {FILE}"
                )
                break


def _as_fault(problem: ContentError) -> Fault:
    where, _, message = str(problem).partition(": ")
    return Fault(where, message, problem.hint)
