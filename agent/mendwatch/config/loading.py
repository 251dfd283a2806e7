"""From a file to settings: positions kept, paths made absolute, nothing guessed."""

from __future__ import annotations

import os
from pathlib import Path

from mendwatch.config import documents, secrets
from mendwatch.config.paths import absolute
from mendwatch.config.settings import CredentialSettings, Settings, TargetSettings
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Credential, Target

#: Looked for in this order when no file is named.
SEARCH = (Path("mendwatch.yaml"), Path("~/.config/mendwatch/mendwatch.yaml"), Path("/etc/mendwatch/mendwatch.yaml"))


def find(named: Path | None) -> Path:
    """Give the configuration file: the named one, else the first that exists.

    Raises:
        ConfigurationError: there is none, or it cannot be read: another one further on is not what was meant.
    """
    candidates = [named] if named else [absolute(path, Path()) for path in SEARCH]
    for path in candidates:
        if not os.access(path, os.F_OK):
            continue
        if not path.is_file() or not os.access(path, os.R_OK):
            raise ConfigurationError(f"{path} cannot be read", hint="It must be a file that this account may read.")
        return path.resolve()
    looked = ", ".join(str(path) for path in candidates)
    raise ConfigurationError(f"no configuration file at {looked}", hint="Name one with --config, or write mendwatch.yaml here.")


def load(path: Path) -> Settings:
    """Load one file; relative paths in it start at its own folder.

    Raises:
        ConfigurationError: with file, line and the nearest known key, all faults at once.
    """
    document = documents.read(path, ConfigurationError)
    settings = documents.validate(document, Settings, ConfigurationError)
    base = path.parent
    runs = settings.runs
    if runs.directory is not None:
        runs = runs.model_copy(update={"directory": absolute(runs.directory, base)})
    return settings.model_copy(
        update={
            "state_dir": absolute(settings.state_dir, base),
            "state_password": _placed(settings.state_password, base),
            "web_config": absolute(settings.web_config, base) if settings.web_config else None,
            "rules": [absolute(entry, base) for entry in settings.rules],
            "remediations": [absolute(entry, base) for entry in settings.remediations],
            "runs": runs,
        }
    )


def _placed(reference: str | None, base: Path) -> str | None:
    """Give a reference to a secret whose file, if it names one, is found from anywhere."""
    if reference is None or not reference.startswith("file:"):
        return reference
    return f"file:{absolute(Path(reference.removeprefix('file:')), base)}"


def target_of(settings: TargetSettings) -> Target:
    """Give the target that a stanza describes, without its secrets."""
    return Target(settings.name, settings.provider, settings.address, dict(settings.labels), dict(settings.options))


def credential_of(settings: CredentialSettings | None, folder: Path) -> Credential | None:
    """Resolve one account's secret; call it as late as possible.

    Raises:
        ConfigurationError: the reference cannot be resolved.
    """
    if settings is None:
        return None
    return Credential(settings.username, secrets.resolve(settings.password, folder))
