"""Finding providers by entry point: only those that the configuration names are imported.

A provider whose extra is not installed is unavailable, with the reason; the agent goes on with the others. Nothing here
knows a provider by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata

from mendwatch.config.documents import nearest
from mendwatch.errors import ConfigurationError
from mendwatch.provider import Provider

GROUP = "mendwatch.providers"


@dataclass(frozen=True, slots=True)
class Providers(Mapping[str, Provider]):
    """The providers that were imported, by name; and why each of the others could not be."""

    found: Mapping[str, Provider]
    unavailable: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Provider:
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def discover(names: Iterable[str], entry_points: Iterable[metadata.EntryPoint] | None = None) -> Providers:
    """Import the named providers; `entry_points` defaults to the installed ones of the group.

    Raises:
        ConfigurationError: no installed package offers a provider of that name.
    """
    offered = {point.name: point for point in (metadata.entry_points(group=GROUP) if entry_points is None else entry_points)}
    found: dict[str, Provider] = {}
    unavailable: dict[str, str] = {}
    for name in sorted(set(names)):
        if name not in offered:
            raise ConfigurationError(f"there is no provider {name!r}", hint=_hint(name, sorted(offered)))
        try:
            found[name] = offered[name].load()
        except Exception as problem:  # noqa: BLE001 - whatever a package raises while imported, it is unavailable and the others go on
            unavailable[name] = _reason(offered[name], problem)
    return Providers(found, unavailable)


def _hint(name: str, known: list[str]) -> str:
    meant = nearest(name, known)
    return f"Did you mean {meant!r}?" if meant else f"Installed providers: {', '.join(known) or 'none'}."


def _reason(point: metadata.EntryPoint, problem: Exception) -> str:
    if isinstance(problem, ModuleNotFoundError) and problem.name:
        return f"the package {problem.name!r} is not installed"
    return f"{point.value} cannot be imported: {type(problem).__name__}: {problem}"
