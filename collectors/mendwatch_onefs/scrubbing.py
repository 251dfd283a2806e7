"""Takes secrets out of what a cluster answered, so that it can be given to somebody else. Pure.

Twice: by value, for secrets that are known, in any usual spelling; and by name, for those that only the cluster knows. It errs
on the side of removing text; numbers and truth values stay, because collectors read those.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

#: Stands where a secret was.
REMOVED = "REMOVED"
#: Shorter secrets stand inside ordinary words too often to be taken out of text.
_SHORTEST = 4
_NAME = (
    r"passw|pass_?phrase|passcode|(?<![a-z])pass(?![a-z_])|\bpwd\b|secret|(?<!n)token|credential|community|keytab|cookie|csrf|isisessid"
    r"|authorization|bearer|(?:private|priv|api|access|auth|encryption|ssh|shared|account)_?key"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
#: How settings are listed that have their names beside their values.
_NAMED_BY, _VALUES = ("name", "key", "id", "setting", "option", "parameter"), ("value", "values", "default")
_ASSIGNED = rf"((?:{_NAME})\w{{0,40}}[\"']?\s{{0,4}}[=:]\s{{0,4}}[\"']?)[^\s\"'<>&;,{{}}\[\]]+"
_FORM_FIELD = rf"(<input\b[^>]{{0,200}}\bname=[\"']?\w{{0,40}}(?:{_NAME})[^>]{{0,200}}\bvalue=)(?:\"[^\"]*\"|'[^']*'|[^\s>]+)"
#: What surrounds a secret in text, and what stands there instead; nothing is looked for over long distances.
_PATTERNS = (
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL), REMOVED),
    (re.compile(r"(?<=://)[^\s/@:\"'<>]{0,200}:[^\s/@\"'<>]{1,200}(?=@)"), REMOVED),  # a login in an address
    (re.compile(r"\b((?:Basic|Bearer)\s+)[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(_FORM_FIELD, re.IGNORECASE), rf'\1"{REMOVED}"'),
    (re.compile(_ASSIGNED, re.IGNORECASE), rf"\1{REMOVED}"),
)


class Scrubber:
    """Removes the given secrets, and whatever is named like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)  # the longest first: a part would hide the rest

    def text(self, text: str) -> str:
        """Give a text without secrets."""
        for form in self._forms:
            text = text.replace(form, REMOVED)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:  # noqa: ANN401 - parsed JSON
        """Give parsed JSON without secrets; its shape stays."""
        if isinstance(value, dict):
            return {self.text(name): self._field(name, inner, value) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def _field(self, name: str, value: Any, siblings: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
        named = name in _VALUES and any(_is_secret(siblings.get(other)) for other in _NAMED_BY)
        return _emptied(value) if named or _is_secret(name) else self.value(value)


def _is_secret(name: object) -> bool:
    """Tell whether a field of this name holds a secret; `ntoken` holds privileges."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def _emptied(value: Any) -> Any:  # noqa: ANN401 - parsed JSON
    """Remove every text in a value."""
    if isinstance(value, dict):
        return {name: _emptied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_emptied(inner) for inner in value]
    return REMOVED if isinstance(value, str) and value else value


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_url = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    in_html = {html.escape(secret), html.escape(secret, quote=False)}
    return {secret, repr(secret)[1:-1], base64.b64encode(raw).decode(), *in_json, *in_url, *in_html}
