"""A watch: one target with all that is needed to poll it, built and checked from its stanza of the configuration.

Everything that can be wrong in the stanza is found here, before the first packet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from mendwatch.config import loading
from mendwatch.config.documents import Document, Location, nearest
from mendwatch.config.settings import TargetSettings
from mendwatch.errors import ConfigurationError
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Credential, Target
from mendwatch.polling import options
from mendwatch.provider import Collector, CollectorSpec, Provider


@dataclass(frozen=True, slots=True)
class Probe:
    """A collector as this target uses it: `spec` has the configured interval and budget."""

    spec: CollectorSpec
    collector: Collector

    async def collect(self, session: Any, now: Any) -> Reading:  # noqa: ANN401 - each provider has its own session type
        """Fetch once."""
        return await self.collector.collect(session, now)


@dataclass(frozen=True, slots=True)
class Watch:
    """One target, its provider and the collectors that are on. `credential` resolves the secret anew at each call."""

    target: Target
    provider: Provider
    probes: tuple[Probe, ...]
    credential: Callable[[], Credential | None]


def watch(
    settings: TargetSettings, provider: Provider, folder: Path, *, document: Document | None = None, base: Location = ()
) -> Watch:
    """Build the watch of one target; `folder` is where relative secret files start.

    Raises:
        ConfigurationError: a wrong option, an unknown collector, or no read credential where the provider needs one.
    """
    where = f"target {settings.name!r}"
    if provider.needs_credential and settings.credentials.read is None:
        raise ConfigurationError(
            f"{where}: provider {provider.name!r} needs credentials.read", hint="Give the account that polls this target."
        )
    checked = options.validated(
        provider.options_model, settings.options, where=f"{where}: options", document=document, base=(*base, "options")
    )
    return Watch(
        target=replace(loading.target_of(settings), options=checked),
        provider=provider,
        probes=_probes(settings, provider, where),
        credential=lambda: loading.credential_of(settings.credentials.read, folder),
    )


def _probes(settings: TargetSettings, provider: Provider, where: str) -> tuple[Probe, ...]:
    offered = {collector.spec.name: collector for collector in provider.collectors()}
    _refuse_unknown(settings.collectors, sorted(offered), where)
    return tuple(_probe(settings, collector) for name, collector in offered.items() if _enabled(settings, name))


def _refuse_unknown(named: Mapping[str, object], known: list[str], where: str) -> None:
    for name in named:
        if name not in known:
            meant = nearest(name, known)
            hint = f"Did you mean {meant!r}?" if meant else f"It has: {', '.join(known)}."
            raise ConfigurationError(f"{where}: there is no collector {name!r}", hint=hint)


def _enabled(settings: TargetSettings, name: str) -> bool:
    change = settings.collectors.get(name)
    return change is None or change.enabled


def _probe(settings: TargetSettings, collector: Collector) -> Probe:
    spec = collector.spec
    change = settings.collectors.get(spec.name)
    if change is not None and change.interval is not None:
        spec = replace(spec, interval=_interval(settings, spec.name, change.interval))
    if change is not None and change.budget is not None:
        spec = replace(spec, budget=change.budget)
    return Probe(spec, collector)


def _interval(settings: TargetSettings, name: str, interval: timedelta) -> float:
    seconds = interval.total_seconds()
    if seconds <= 0:
        raise ConfigurationError(
            f"target {settings.name!r}: the interval of collector {name!r} is not above zero",
            hint="Write a duration such as 30s; to turn the collector off, write enabled: false.",
        )
    return seconds
