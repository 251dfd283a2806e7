"""The server's side of TLS: a context from the web configuration, and new certificates without a restart.

Certificates are renewed by programs that know nothing of us. So the files are looked at when a client connects, and a changed
pair is used from that connection on; one that cannot be read changes nothing, because an old certificate is better than none.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509

from mendwatch.config.web_config import TlsServerConfig
from mendwatch.errors import ConfigurationError
from mendwatch.web.changes import Marks

_log = structlog.get_logger("mendwatch.web")
#: Where a request says whose certificate its connection showed; the name is in the extensions of its scope.
_CLIENT = "mendwatch.client"
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENTS = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_HINT = "cert_file, key_file and client_ca_file must be readable PEM files, the key without a passphrase and the certificate's own."


class Certificates:
    """The present certificate; `context` is what a server listens with."""

    def __init__(self, config: TlsServerConfig) -> None:
        """Read the files.

        Raises:
            ConfigurationError: a file is missing, no PEM file, or the key belongs to another certificate.
        """
        self._config = config
        self._marks = Marks(file for file in (config.cert_file, config.key_file, config.client_ca_file) if file is not None)
        self.context = _context(config)
        self.context.sni_callback = self._greeted
        self._present = self.context
        self._not_after = _end_of(config)

    @property
    def not_after(self) -> float | None:
        """When the present certificate ends to be valid, in Unix time; None where its file does not tell."""
        return self._not_after

    def _greeted(self, connection: ssl.SSLObject, _name: str | None, _context_of_server: ssl.SSLContext) -> int | None:
        """Give a new connection the newest certificate; called for every one, with or without a name."""
        if self._marks.changed():
            self._renew()
        if self._present is self.context:
            return None
        connection.context = self._present
        # What TLS 1.2 remembers of a client is older than the authority that would have to vouch for it now.
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if self._config.client_ca_file and connection.session_reused else None

    def _renew(self) -> None:
        try:
            self._present, self._not_after = _context(self._config), _end_of(self._config)
        except ConfigurationError as problem:
            _log.error("certificate not renewed", reason=str(problem), hint=problem.hint)
        else:
            _log.info("certificate renewed", file=str(self._config.cert_file))


def shown(certificate: Mapping[str, Any] | None) -> dict[str, str]:
    """Give the extensions of a scope for what `getpeercert` gives: a name only where the certificate was verified."""
    if not certificate:
        return {}
    subject = [f"{name}={value}" for part in certificate.get("subject", ()) for name, value in part]
    return {_CLIENT: ", ".join(subject) or "a client without a name"}


def client_of(scope: Mapping[str, Any]) -> str | None:
    """Give the subject of the verified certificate that a request's connection showed, or None."""
    client: str | None = scope.get("extensions", {}).get(_CLIENT)
    return client


def _context(config: TlsServerConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    context.verify_mode = _CLIENTS[config.client_auth_type]
    try:
        # The library would ask a terminal for the passphrase of a key, and the whole agent would wait for the answer.
        context.load_cert_chain(str(config.cert_file), str(config.key_file), password=lambda: "")
        if config.client_ca_file is not None:
            context.load_verify_locations(cafile=str(config.client_ca_file))
            _forget_clients(context)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"the certificate of the web server cannot be used: {problem.strerror or problem}", hint=_HINT
        ) from problem
    return context


def _end_of(config: TlsServerConfig) -> float | None:
    """Read when the certificate ends; of a chain, the first is the server's own."""
    try:
        written = Path(str(config.cert_file)).read_bytes()
        return x509.load_pem_x509_certificates(written)[0].not_valid_after_utc.timestamp()
    except (OSError, ValueError, OverflowError):
        return None


def _forget_clients(context: ssl.SSLContext) -> None:
    """Check a client's certificate at every connection: a ticket would let one in for hours after its authority was changed."""
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
