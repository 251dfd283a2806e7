"""What the installed providers and the files offer together: schemas, remediations and rules that fit them.

The agent loads the providers that its configuration names; the commands that check content load all that are installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path

from mendwatch import content
from mendwatch.alerting import loading, maintenance, schemas
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import Schemas
from mendwatch.config import loading as configuration
from mendwatch.config.settings import Settings
from mendwatch.polling import providers
from mendwatch.polling.providers import Providers
from mendwatch.remediation import catalogue
from mendwatch.remediation.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that was loaded; a remediation that could not be is in `catalogue.faults`."""

    providers: Providers
    schemas: Schemas
    catalogue: Catalogue
    rule_paths: tuple[Path, ...]
    rules: RuleSet
    windows: tuple[Window, ...] = ()


def installed() -> tuple[str, ...]:
    """Name every installed provider."""
    return tuple(sorted(point.name for point in entry_points(group=providers.GROUP)))


def load(settings: Settings, names: Iterable[str] | None = None) -> Library:
    """Load what the settings ask for, with the named providers; by default those that the targets use.

    Raises:
        UserError: a provider is not installed, or a rule file has faults; all faults are told at once.
    """
    found = providers.discover({target.provider for target in settings.targets} if names is None else names)
    known = schemas.of_providers(found.values())
    may_be_done = remediations(settings)
    paths = rule_paths(settings, found)
    rules = loading.load(paths, known, may_be_done)
    return Library(found, known, may_be_done, paths, rules, maintenance.of_settings(settings.maintenance))


def again(settings: Settings, before: Library, file: Path | None = None) -> Library:
    """Load the rules and the remediations anew, with the providers that are there, and maintenance windows from `file`. Blocks.

    Raises:
        UserError: a rule file has faults, or the configuration; all faults of a kind are told at once.
    """
    windows = maintenance.of_settings(configuration.load(file).maintenance) if file is not None else before.windows
    may_be_done = remediations(settings)
    paths = rule_paths(settings, before.providers)
    rules = loading.load(paths, before.schemas, may_be_done)
    return replace(before, catalogue=may_be_done, rule_paths=paths, rules=rules, windows=windows)


def remediations(settings: Settings) -> Catalogue:
    """Load what may be done: the operator's own first, so that one of them can replace a shipped one."""
    return catalogue.load(remediation_paths(settings))


def remediation_paths(settings: Settings) -> tuple[Path, ...]:
    """Give the folders of remediations: the operator's own first."""
    return (*settings.remediations, content.folder("remediations"))


def rule_paths(settings: Settings, names: Iterable[str]) -> tuple[Path, ...]:
    """Give the files and folders of rules: those shipped for the named providers, then the operator's own."""
    shipped = [content.folder("rules") / name for name in names] if settings.shipped_rules else []
    return (*(path for path in shipped if path.is_dir()), *settings.rules)
