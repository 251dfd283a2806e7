"""`mendwatch rules import-eda`: a rulebook of ansible-rulebook as a file of rules, and what could not be taken over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mendwatch.alerting import schemas
from mendwatch.alerting.eda import rulebooks
from mendwatch.alerting.eda.rulebooks import Imported
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.cli import output
from mendwatch.cli.context import JsonOption
from mendwatch.config import documents
from mendwatch.config.documents import nearest
from mendwatch.errors import UserError
from mendwatch.model.text import count
from mendwatch.polling import providers
from mendwatch.service import library


def import_eda(
    rulebook: Annotated[Path, typer.Argument(help="The rulebook.", show_default=False)],
    on: Annotated[
        str | None, typer.Option("--on", help="The schema that its events mean; an Alertmanager's need none.", show_default=False)
    ] = None,
    target_label: Annotated[
        str, typer.Option("--target-label", help="The label of an Alertmanager's alerts that names the target.")
    ] = "cluster",
    file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the rules to a new file, not to the terminal.", show_default=False)
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Convert what a rulebook of ansible-rulebook says as far as a rule can say it; exit 1 where something was left out.

    What was left out is told on standard error, each with file, line and column. Playbooks are never taken over.
    """
    document = documents.read(rulebook, UserError)
    found = rulebooks.convert(document, _schema(on), target_label)
    if file is not None and found.text:
        _write(file, found.text)
    if json:
        output.as_json({"taken": found.taken, "of": found.found, "rules": found.text, "remarks": list(found.remarks)})
    else:
        _tell(found, file)
    if found.remarks:
        raise typer.Exit(1)


def _schema(name: str | None) -> KnownSchema | None:
    if name is None:
        return None
    known = schemas.of_providers(providers.discover(library.installed()).values())
    if name not in known:
        meant = nearest(name, known)
        hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(sorted(known))}"
        raise UserError(f"there is no schema {name!r}", hint=hint)
    return known[name]


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as problem:
        raise UserError(f"{file} exists already", hint="Name a new file; nothing is ever written over.") from problem
    except OSError as problem:
        raise UserError(f"{file} cannot be written: {problem.strerror}", hint="Check the folder and its permissions.") from problem


def _tell(found: Imported, file: Path | None) -> None:
    if file is None and found.text:
        output.line(found.text.rstrip())
    for remark in found.remarks:
        output.error(f"{remark.where}: {remark.message}", remark.hint or None)
    if file is not None or not found.text:
        output.line(f"{found.taken} of {count(found.found, 'rule')} taken over" + (f" into {file}" if file and found.text else ""))
