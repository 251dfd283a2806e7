"""The watched targets: each stanza checked by its provider; one whose provider cannot be imported is left out and said so."""

from __future__ import annotations

from pathlib import Path

import structlog

from mendwatch.config.settings import Settings
from mendwatch.errors import ConfigurationError
from mendwatch.polling.providers import Providers
from mendwatch.polling.watches import Watch, watch
from mendwatch.provider import Provider

_log = structlog.get_logger(__name__)


def watches(settings: Settings, providers: Providers, folder: Path) -> tuple[Watch, ...]:
    """Build every target's watch; relative secret files start at `folder`.

    Raises:
        ConfigurationError: a stanza is wrong.
    """
    built = []
    for stanza in settings.targets:
        if stanza.provider in providers:
            _refuse_streams(providers[stanza.provider])
            built.append(watch(stanza, providers[stanza.provider], folder))
        else:
            reason = providers.unavailable.get(stanza.provider, "not installed")
            _log.error("target not watched", target=stanza.name, provider=stanza.provider, reason=reason)
    return tuple(built)


def _refuse_streams(provider: Provider) -> None:
    """The contract has streams, and nothing runs them yet: better refused than silently ignored."""
    if provider.streams():
        raise ConfigurationError(
            f"provider {provider.name!r} has streams, which this release does not run", hint="Use a release of it without them."
        )
