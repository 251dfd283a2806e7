"""References to secrets: `${ENV}` and `file:PATH`. A secret itself may stand in the configuration; `mendwatch check` warns of it.

`vault:` (Ansible Vault) is reserved: it is refused with a clear message until it can be read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mendwatch.config.paths import absolute
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Secret

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def resolve(reference: str, folder: Path, environment: Mapping[str, str] | None = None) -> Secret:
    """Give the secret that a reference names; a relative `file:` starts at `folder`, the configuration's own.

    Raises:
        ConfigurationError: the variable is not set, the file cannot be read, or the scheme is not supported.
    """
    if reference.startswith("file:"):
        return _from_file(absolute(Path(reference.removeprefix("file:")), folder))
    if reference.startswith("vault:"):
        raise ConfigurationError("vault: references are not supported yet", hint="Use ${ENV} or file:PATH for this secret.")
    return Secret(expand(reference, os.environ if environment is None else environment))


def is_reference(text: str) -> bool:
    """Tell whether a text names a secret that lies elsewhere."""
    return text.startswith(("file:", "vault:")) or _VARIABLE.search(text) is not None


def variables(reference: str) -> list[str]:
    """Give each `${NAME}` of a reference by itself: its value may stand alone elsewhere."""
    return [match.group() for match in _VARIABLE.finditer(reference)]


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Replace every `${NAME}` by the variable's value.

    Raises:
        ConfigurationError: a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise ConfigurationError(f"the environment variable {name} is not set", hint=f"Export {name} before the agent starts.")
        return environment[name]

    return _VARIABLE.sub(value, text)


def _from_file(path: Path) -> Secret:
    try:
        return Secret(path.read_text("utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(
            f"the secret file {path} cannot be read: {problem}", hint="Create it with mode 0600, holding the secret alone."
        ) from problem
