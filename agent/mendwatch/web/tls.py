"""The server's side of TLS: a context from the web configuration, and new certificates without a restart.

Certificates are renewed by programs that know nothing of us. So the files are looked at when a client connects, and a changed
pair is used from that connection on; one that cannot be read changes nothing, because an old certificate is better than none.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog

from mendwatch.config.web_config import TlsServerConfig
from mendwatch.errors import ConfigurationError

_log = structlog.get_logger("mendwatch.web")
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENTS = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
#: What tells one state of the files from another: modification time and size of each.
_Mark = tuple[tuple[int, int], ...]


class Certificates:
    """The present certificate; `context` is what a server listens with."""

    def __init__(self, config: TlsServerConfig) -> None:
        """Read the files.

        Raises:
            ConfigurationError: a file is missing, no PEM file, or the key belongs to another certificate.
        """
        self._config = config
        self._files = tuple(file for file in (config.cert_file, config.key_file, config.client_ca_file) if file is not None)
        self._mark = _mark(self._files)
        self._ailing = False
        self.context = _context(config)
        self.context.sni_callback = self._greeted
        self._present = self.context

    def _greeted(self, connection: ssl.SSLObject, _name: str | None, _context_of_server: ssl.SSLContext) -> None:
        """Give a new connection the newest certificate; called for every one, with or without a name."""
        self._look()
        if self._present is not self.context:
            connection.context = self._present

    def _look(self) -> None:
        mark = _mark(self._files)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._present = _context(self._config)
        except ConfigurationError as problem:
            self._ailing = True
            _log.error("certificate not renewed", reason=str(problem), hint=problem.hint)
        else:
            self._ailing = False
            _log.info("certificate renewed", file=str(self._config.cert_file))


def _context(config: TlsServerConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    context.verify_mode = _CLIENTS[config.client_auth_type]
    try:
        context.load_cert_chain(str(config.cert_file), str(config.key_file))
        if config.client_ca_file is not None:
            context.load_verify_locations(cafile=str(config.client_ca_file))
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"the certificate of the web server cannot be used: {problem.strerror or problem}",
            hint="cert_file, key_file and client_ca_file must be readable PEM files, and the key must be the certificate's.",
        ) from problem
    return context


def _mark(files: tuple[Path, ...]) -> _Mark:
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size
