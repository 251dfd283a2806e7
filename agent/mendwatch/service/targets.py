"""The watched targets: each stanza checked by its provider; one whose provider cannot be imported is left out and said so."""

from __future__ import annotations

from pathlib import Path

import structlog

from mendwatch.config.settings import Settings
from mendwatch.polling.providers import Providers
from mendwatch.polling.watches import Watch, watch

_log = structlog.get_logger(__name__)


def watches(settings: Settings, providers: Providers, folder: Path) -> tuple[Watch, ...]:
    """Build every target's watch; relative secret files start at `folder`.

    Raises:
        ConfigurationError: a stanza is wrong.
    """
    built = []
    for stanza in settings.targets:
        if stanza.provider in providers:
            built.append(watch(stanza, providers[stanza.provider], folder))
        else:
            reason = providers.unavailable.get(stanza.provider, "not installed")
            _log.error("target not watched", target=stanza.name, provider=stanza.provider, reason=reason)
    return tuple(built)
