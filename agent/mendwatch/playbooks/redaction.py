"""Takes secrets out of what a playbook said, by their value.

Ansible masks parameters declared `no_log`, but not a secret inside a message, a header or a diff. So everything that leaves the
worker goes through here, and every value of the job's environment counts as secret unless its name says that it is not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

#: What stands in the place of a secret.
MASK = "***"
#: How a variable's name ends when its value is no secret: where and who, never what proves it.
PLAIN_ENDINGS = ("_URL", "_USERNAME", "_CA_FILE", "_FINGERPRINT", "_TIMEOUT")
#: A shorter value would mask parts of ordinary words; no account should have it as a password.
SHORTEST = 4
#: Shorter pieces of base64 turn up by chance.
SHORTEST_PIECE = 6


class Redactor:
    """Replaces every known form of the given secrets, in strings at any depth, keys included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)  # the longest first, or a part would hide the rest from us

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Redactor:
        """Make one for all values of a job's environment that are not plain by their name."""
        return cls(value for name, value in environment.items() if not name.endswith(PLAIN_ENDINGS))

    def text(self, text: str) -> str:
        """Give the text without secrets."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def value(self, value: object) -> object:
        """Give a JSON value without secrets, whatever its depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        return value


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    written = {secret, quote(raw, safe=""), quote(raw), quote_plus(raw), raw.hex(), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return written | {piece for offset in range(3) for piece in _base64_pieces(raw, offset)}


def _base64_pieces(raw: bytes, offset: int) -> set[str]:
    """Give how the secret reads in base64 when `offset` bytes stand before it, as in `user:password`.

    The first and the last characters also depend on the neighbours, so only those between are compared.
    """
    encoded = base64.b64encode(b"\0" * offset + raw).decode()
    start = (0, 2, 3)[offset]
    certain = encoded[start : (offset + len(raw)) * 8 // 6]
    pieces = {certain, certain.replace("+", "-").replace("/", "_")}
    return {piece for piece in pieces if len(piece) >= SHORTEST_PIECE}
