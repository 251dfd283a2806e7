"""What a person sends to somebody who helps: one archive of everything that explains an agent, and no secret.

Secrets are taken out twice: by the names of the settings that hold them, then by their values wherever those stand.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import yaml

from mendwatch.errors import UserError

#: Stands where a secret was.
REDACTED = "REDACTED"
#: Settings whose values never leave, whatever they look like; the last word of a key decides.
_SECRET_WORDS = ("password", "passphrase", "secret", "token", "key", "basic_auth_users")
#: Values of secrets that are shorter stand in other words too often to be taken out of text.
_SHORTEST = 4


def redacted(value: Any) -> Any:  # noqa: ANN401 - a parsed YAML file
    """Give plain data with every value of a secret setting replaced; references to files and variables stay, they help."""
    if isinstance(value, Mapping):
        return {name: _shown(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


def _shown(name: str, value: Any) -> Any:  # noqa: ANN401 - a parsed YAML file
    if not name.lower().endswith(_SECRET_WORDS):
        return _without_login(value) if name == "address" and isinstance(value, str) else redacted(value)
    return value if isinstance(value, str) and value.startswith(("file:", "${")) else REDACTED


def _without_login(address: str) -> str:
    scheme, separator, rest = address.rpartition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def versions() -> str:
    """Give every installed package with its version, one a line."""
    found = {f"{one.metadata['Name']} {one.version}" for one in metadata.distributions()}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def write(path: Path, files: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Write a new archive that only its owner can read; `secrets` are taken out of every file in any usual spelling.

    Raises:
        UserError: the file exists already, or cannot be written.
    """
    spellings = sorted(
        {form for secret in secrets if len(secret) >= _SHORTEST for form in _spellings(secret)}, key=len, reverse=True
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
            for name, text in files.items():
                _add(archive, name, _cleaned(text, spellings).encode("utf-8", "replace"))
    except OSError as problem:
        hint = "Name a file that does not exist yet, in a folder that can be written."
        raise UserError(f"{path} cannot be written: {problem.strerror}", hint=hint) from problem


def _spellings(secret: str) -> set[str]:
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return plain | {json.dumps(secret)[1:-1], yaml.safe_dump(secret).strip().strip("'\"")}


def _cleaned(text: str, spellings: Iterable[str]) -> str:
    for spelling in spellings:
        text = text.replace(spelling, REDACTED)
    return text


def _add(archive: tarfile.TarFile, name: str, body: bytes) -> None:
    entry = tarfile.TarInfo(f"mendwatch/{name}")
    entry.size, entry.mode = len(body), 0o600
    archive.addfile(entry, io.BytesIO(body))
