"""`mendwatch remediations`: what may be done, and what each of them needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, judging, settings_if_any
from mendwatch.errors import ContentError, NotFound
from mendwatch.model.remediations import Remediation
from mendwatch.remediation.catalogue import Catalogue
from mendwatch.service import library


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="List and show remediations.", no_args_is_help=True)
    group.command("list")(list_remediations)
    group.command("show")(show)
    app.add_typer(group, name="remediations")


def list_remediations(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List every remediation, and why one is not available; exit 1 if one has faults."""
    catalogue = _catalogue(config)
    if json:
        _raise_faults(catalogue)  # a script gets one answer, and it is the error
        output.as_json(list(catalogue.values()))
    else:
        output.table(
            ("ID", "RISK", "REVERSIBLE", "TITLE", "AVAILABLE"),
            ((r.id, r.risk, "yes" if r.reversible else "no", r.title, r.unavailable or "yes") for r in catalogue.values()),
            empty="no remediations",
        )
        _raise_faults(catalogue)


def show(
    remediation: Annotated[str, typer.Argument(help="Its id, such as onefs/quota_raise.")],
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show one remediation: what it does, its parameters, its risk, and what it needs."""
    catalogue = _catalogue(config)
    if remediation not in catalogue:
        raise NotFound(f"there is no remediation {remediation!r}", hint=f"There are: {', '.join(catalogue) or 'none'}.")
    found = catalogue[remediation]
    if json:
        output.as_json(found)
        return
    for line in _page(found):
        output.line(line)


def _raise_faults(catalogue: Catalogue) -> None:
    with judging(ContentError):
        catalogue.raise_faults()


def _page(found: Remediation) -> list[str]:
    properties = found.parameters.get("properties", {})
    required = found.parameters.get("required", [])
    parameters = properties.items() if isinstance(properties, dict) else ()
    needed = required if isinstance(required, list) else []
    return [
        f"{found.id}: {found.title}",
        "",
        found.description,
        "",
        f"risk         {found.risk}",
        f"reversible   {'yes' if found.reversible else 'no'}",
        f"available    {found.unavailable or 'yes'}",
        *(f"before       {condition}" for condition in found.preconditions),
        f"verified by  {found.verification}",
        f"undone by    {found.rollback}",
        *(f"needs        {privilege}" for privilege in found.requires_privileges),
        "",
        "parameters",
        *(f"  {name}{' (required)' if name in needed else ''}: {schema.get('description', '')}" for name, schema in parameters),
        "",
        f"files        {found.folder}",
        f"sha256       {found.digest}",
    ]


def _catalogue(config: Path | None) -> Catalogue:
    """Load the shipped remediations, and the operator's where a configuration is there."""
    return library.remediations(settings_if_any(config))
