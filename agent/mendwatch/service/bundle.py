"""What a person sends to somebody who helps: one archive of everything that explains an agent, and no secret.

Secrets are taken out twice: by the names of the settings that hold them, then by their values wherever those stand. Data is
cleaned before it is written as JSON or YAML, because those fold and escape text in more ways than can be looked for.
"""

from __future__ import annotations

import html
import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from mendwatch.errors import UserError
from mendwatch.model.targets import without_login
from mendwatch.playbooks.redaction import MASK, Redactor

#: Stands where a secret was.
REDACTED = MASK
_SECRET_NAME = re.compile(r"passw|passphrase|(?<![a-z])pass$|pwd|secret|token|community|key$|basic_auth_users", re.IGNORECASE)
#: How a setting's name ends that says where a secret is.
_PLACES = ("_file", "_path", "_dir")
#: A setting that only says where its secret is: a file, a vault, or environment variables and nothing between them.
_REFERENCE = re.compile(r"(?:file|vault):.*|(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+", re.DOTALL)
_LOGIN = re.compile(r"(?<=://)[^\s/]*:[^\s]*@")


def redacted(value: Any) -> Any:  # noqa: ANN401 - a parsed YAML file
    """Give plain data with every value of a secret setting replaced; references to files and variables stay, they help."""
    if isinstance(value, Mapping):
        return {name: _shown(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return _LOGIN.sub("", value) if isinstance(value, str) else value


def _shown(name: str, value: Any) -> Any:  # noqa: ANN401 - a parsed YAML file
    if _SECRET_NAME.search(name) and not name.lower().endswith(_PLACES):
        return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else REDACTED
    return without_login(value) if name == "address" and isinstance(value, str) else redacted(value)


def versions() -> str:
    """Give every installed package with its version, one a line."""
    found = {f"{one.metadata['Name']} {one.version}" for one in metadata.distributions()}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def check(path: Path) -> None:
    """See that a bundle can have this name, before the work that goes into it.

    Raises:
        UserError: there is something of that name.
    """
    if os.path.lexists(path):
        raise UserError(f"{path} exists already", hint=_HINT)


def write(path: Path, files: Mapping[str, Any], secrets: Iterable[str]) -> None:
    """Write a new archive that only its owner can read; a file is text, or data that becomes JSON or YAML by its name.

    `secrets` are taken out of every file in any usual spelling; those of less than four characters only where their setting's
    name tells them, because they stand in other words too.

    Raises:
        UserError: the file exists already, or cannot be written; then there is none.
    """
    cleaner = Redactor(form for secret in secrets for form in _spellings(secret))
    texts = {name: cleaner.text(_text(name, cleaner.value(content))) for name, content in files.items()}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
                for name, text in texts.items():
                    _add(archive, name, text.encode("utf-8", "replace"))
        except BaseException:
            path.unlink()
            raise
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}", hint=_HINT) from problem


_HINT = "Name a file that does not exist yet, in a folder that can be written."


def _spellings(secret: str) -> set[str]:
    """Give how a page may spell a secret beside the forms that the redactor knows."""
    return {secret, json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret), html.escape(secret, quote=False)}


def _text(name: str, content: Any) -> str:  # noqa: ANN401 - text, or plain data
    if isinstance(content, str):
        return content
    if name.endswith(".yaml"):
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)
    return json.dumps(content, indent=2, ensure_ascii=False)


def _add(archive: tarfile.TarFile, name: str, body: bytes) -> None:
    entry = tarfile.TarInfo(f"mendwatch/{name}")
    entry.size, entry.mode = len(body), 0o600
    archive.addfile(entry, io.BytesIO(body))
