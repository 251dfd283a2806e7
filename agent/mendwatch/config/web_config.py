"""TLS and passwords of the web server, in the file format that Prometheus' own programs share (exporter-toolkit's web-config).

An operator who has such a file for node_exporter uses the same one here, and `promtool check web-config` checks it. What this
server cannot do is refused with a hint and never silently left out: whoever asks for client certificates must get them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mendwatch.config import documents
from mendwatch.config.paths import absolute
from mendwatch.config.wording import HintedError
from mendwatch.errors import ConfigurationError

#: 22 characters of salt, the last of which has two bits only, and 31 of hash.
_BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
#: bcrypt's least cost, and the most that is taken: each step doubles the time of a check, and 16 takes several seconds of a core.
_LEAST_COST, _MOST_COST = 4, 16
_HASHING = "`htpasswd -nBC 10 '' | tr -d ':'` makes one that suits."
#: The headers that the format allows to set.
_HEADERS = frozenset(
    {"Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"}
)

ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsServerConfig(_Strict):
    """The certificate of the server, and whether clients must show one."""

    cert_file: Path | None = None
    key_file: Path | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    client_ca_file: Path | None = None
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True

    @field_validator("client_auth_type", mode="before")
    @classmethod
    def _can_be_done(cls, value: object) -> object:
        if value in {"RequestClientCert", "RequireAnyClientCert"}:
            hint = "Write RequireAndVerifyClientCert or VerifyClientCertIfGiven, with client_ca_file."
            raise HintedError(f"{value} would take a client's certificate without checking it, which this server does not do", hint)
        return value

    @field_validator("cipher_suites")
    @classmethod
    def _no_suites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            raise HintedError("cipher_suites cannot be chosen here", "Leave it out: TLS 1.2 and 1.3 with the machine's own policy.")
        return value

    @field_validator("min_version")
    @classmethod
    def _no_old_tls(cls, value: TlsVersion) -> TlsVersion:
        if value in {"TLS10", "TLS11"}:
            raise HintedError(f"{value} is broken and not offered", "Write TLS12 or TLS13.")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> TlsServerConfig:
        if (self.cert_file is None) != (self.key_file is None):
            raise HintedError("cert_file and key_file belong together", "Name both, or leave tls_server_config out.")
        if self.cert_file is None and self.model_fields_set:
            raise HintedError("tls_server_config needs cert_file and key_file", "Certificates can only be given as files.")
        if (self.client_auth_type == "NoClientCert") != (self.client_ca_file is None):
            raise HintedError("client_auth_type and client_ca_file belong together", "Name both, or neither.")
        if self.max_version < self.min_version:
            raise HintedError("max_version is below min_version", "Leave max_version out.")
        return self


class HttpServerConfig(_Strict):
    """What HTTP does beside the content."""

    http2: bool = True
    headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("headers")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value) - _HEADERS)
        if unknown:
            raise HintedError(f"the header {unknown[0]!r} cannot be set", f"The format allows {', '.join(sorted(_HEADERS))}.")
        odd = sorted(name for name, text in value.items() if not (text.isascii() and text.isprintable()))
        if odd:
            raise HintedError(f"the header {odd[0]!r} cannot be sent like this", "Write one line of printable ASCII characters.")
        return value


class WebConfig(_Strict):
    """The whole file; an empty one changes nothing. `basic_auth_users` maps names to bcrypt hashes."""

    tls_server_config: TlsServerConfig = Field(default_factory=TlsServerConfig)
    http_server_config: HttpServerConfig = Field(default_factory=HttpServerConfig)
    basic_auth_users: Annotated[dict[str, str], Field(repr=False)] = Field(default_factory=dict)

    @field_validator("tls_server_config", "http_server_config", "basic_auth_users", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return {} if value is None else value

    @field_validator("basic_auth_users")
    @classmethod
    def _hashes(cls, value: dict[str, str]) -> dict[str, str]:
        for name, hashed in value.items():
            found = _BCRYPT.fullmatch(hashed)
            if found is None or int(found[1]) < _LEAST_COST:
                raise HintedError(f"what user {name!r} has is no bcrypt hash", _HASHING)
            if int(found[1]) > _MOST_COST:
                raise HintedError(f"the hash of user {name!r} takes a core too long to check: its cost is {found[1]}", _HASHING)
            if ":" in name:
                raise HintedError(f"user {name!r} can never log in", "HTTP ends a user name at the first colon: leave it out.")
        return value

    @property
    def tls(self) -> TlsServerConfig | None:
        """The TLS settings, or None for plain HTTP."""
        return self.tls_server_config if self.tls_server_config.cert_file else None


def load(path: Path) -> WebConfig:
    """Load one file; relative paths in it start at its own folder, as in Prometheus' programs.

    Raises:
        ConfigurationError: with file, line and hint, all faults at once.
    """
    found = documents.validate(documents.read(path, ConfigurationError), WebConfig, ConfigurationError)
    tls = found.tls_server_config
    files = {
        name: absolute(file, path.parent) for name in ("cert_file", "key_file", "client_ca_file") if (file := getattr(tls, name))
    }
    return found.model_copy(update={"tls_server_config": tls.model_copy(update=files)})
