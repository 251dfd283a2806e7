"""What went wrong, in the core's words: from an HTTP status or an exception of the connection to one error type.

Pure functions. No message carries more than 256 characters of what a cluster sent, and none of it before the
caller's secrets are taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus

import aiohttp
import msgspec

from mendwatch.errors import BadAnswer, Denied, TargetError, Throttled, Unreachable, Unsupported
from mendwatch_onefs.decoding import is_html, number

#: Characters of a cluster's own text that may stand in a message.
EXCERPT = 256
#: Bytes of a body that are searched for secrets before it is cut.
_READ = 1_000_000
#: Seconds to wait when a cluster asks for patience and does not say how long; and the longest that is believed.
PATIENCE, LONGEST = 60.0, 3600.0

_PRIVILEGE = re.compile(r"ISI_PRIV_[A-Z0-9_]+")
_PRIVILEGES = {
    "statistics": "ISI_PRIV_STATISTICS",
    "event": "ISI_PRIV_EVENT",
    "quota": "ISI_PRIV_QUOTA",
    "job": "ISI_PRIV_JOB_ENGINE",
    "healthcheck": "ISI_PRIV_SYS_SUPPORT",
    "repair": "ISI_PRIV_SYS_SUPPORT",
    "license": "ISI_PRIV_LICENSE",
    "upgrade": "ISI_PRIV_SYS_UPGRADE",
    "auth": "ISI_PRIV_AUTH",
    "smb": "ISI_PRIV_SMB",
    "nfs": "ISI_PRIV_NFS",
    "s3": "ISI_PRIV_S3",
    "ntp": "ISI_PRIV_NTP",
    "snapshot": "ISI_PRIV_SNAPSHOT",
    "sync": "ISI_PRIV_SYNCIQ",
    "dedupe": "ISI_PRIV_JOB_ENGINE",
    "filepool": "ISI_PRIV_SMARTPOOLS",
    "storagepool": "ISI_PRIV_SMARTPOOLS",
    "network": "ISI_PRIV_NETWORK",
    "zones": "ISI_PRIV_AUTH",
    "certificate": "ISI_PRIV_CERTIFICATE",
    "cloud": "ISI_PRIV_CLOUDPOOLS",
    "datamover": "ISI_PRIV_DATAMOVER",
    "cluster": "ISI_PRIV_DEVICES",
    "cluster/time": "ISI_PRIV_SYS_TIME",
    "latest": "ISI_PRIV_LOGIN_PAPI",
}
_CERTIFICATE_HINT = (
    "Set the option ca_file to the authority that signed the cluster's certificate, or fingerprint to its SHA-256 "
    "(openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -fingerprint -sha256); "
    "the address must be a name in the certificate."
)


class Rejected(BadAnswer):
    """The cluster says that the question itself is wrong (400)."""

    default_hint = "This release does not understand the request; report it with the release and the message."


class Complaint(msgspec.Struct):
    """One entry of OneFS' error list."""

    code: Any = None
    message: Any = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.message) if isinstance(part, str) and part)


class _Complaints(msgspec.Struct):
    errors: list[Complaint] = []


def of_answer(status: int, headers: Mapping[str, str], body: bytes, what: str, secrets: Iterable[str] = ()) -> TargetError | None:
    """Give the error that an answer means, or None for a good one. A 401 is the caller's business.

    `what` names the request; `secrets` are taken out of every quotation.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and body.lstrip()[:1] != b"[":
        return None  # and megabytes are not searched for complaints
    complaints = complaints_of(body)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _of_code(complaints, what, secrets)
    said = f"{what}: HTTP {status}: {quotation(complaints, body, secrets)}"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return Throttled(said, after=patience(headers))
    if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
        return Unreachable(said, hint="Something in front of the cluster answers, but the cluster behind it does not.")
    return _of_refusal(status, said, what)


def _of_refusal(status: int, said: str, what: str) -> TargetError:
    if status == HTTPStatus.FORBIDDEN:
        return denied(said, what)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}:
        return Unsupported(said)
    if status == HTTPStatus.BAD_REQUEST:
        return Rejected(said)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return BadAnswer(said, hint="The API never redirects: the address is probably that of a proxy or of another service.")
    return BadAnswer(said)


def _of_code(complaints: tuple[Complaint, ...], what: str, secrets: Iterable[str]) -> TargetError:
    """Judge a bare array of errors, which comes with 200 as well."""
    codes = {complaint.code for complaint in complaints if isinstance(complaint.code, str)}
    said = f"{what}: {quotation(complaints, b'', secrets)}"
    if "AEC_FORBIDDEN" in codes:
        return denied(said, what)
    if "AEC_NOT_FOUND" in codes:
        return Unsupported(said)
    return BadAnswer(said if codes else f"{what}: the answer is a list, not an object")


def denied(said: str, what: str) -> Denied:
    """Give Denied with the privilege that is missing: the one named, else the one that the request needs."""
    named = _PRIVILEGE.search(said)
    parts = what.split("/")[2:]
    area = next((part for part in ("/".join(parts[1:3]), *parts) if part in _PRIVILEGES), "")
    privilege = named.group() if named else _PRIVILEGES.get(area, "a read privilege")
    message = said if named else f"{said} (needs {privilege})"
    return Denied(message, hint=f"On the cluster: isi auth roles modify ROLE --add-priv-read {privilege}")


def complaints_of(body: bytes) -> tuple[Complaint, ...]:
    """Give OneFS' own errors of a body: an object with `errors`, a bare array, or none."""
    kind: Any = {b"[": list[Complaint], b"{": _Complaints}.get(body.lstrip()[:1])
    try:
        found = msgspec.json.decode(body, type=kind) if kind else ()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(found.errors if isinstance(found, _Complaints) else found)


def quotation(complaints: tuple[Complaint, ...], body: bytes, secrets: Iterable[str]) -> str:
    """Give what the cluster said, in one printable line without secrets, cut to 256 characters."""
    words = "; ".join(filter(None, map(str, complaints)))
    if not words and is_html(body):
        return "an HTML page"
    words = words or body[:_READ].decode("utf-8", "replace")
    for secret in secrets:
        words = _without(words, secret)
    line = " ".join("".join(c if c.isprintable() else " " for c in words[: 8 * EXCERPT]).split())
    return line[:EXCERPT] or "no explanation"


def _without(words: str, secret: str) -> str:
    """Take a secret out of a text: as it is, as JSON writes it, and as a URL does."""
    for form in filter(None, {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)}):
        words = words.replace(form, "…")
    return words


def patience(headers: Mapping[str, str]) -> float:
    """Give the seconds of Retry-After: a number, or an HTTP date compared with the answer's own Date."""
    raw = headers.get("Retry-After", "")
    seconds = number(raw)
    if seconds is None:
        until, sent = _http_date(raw), _http_date(headers.get("Date", ""))
        seconds = (until - sent).total_seconds() if until and sent else PATIENCE
    return min(max(seconds, 1.0), LONGEST)


def _http_date(raw: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(raw)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def of_connection(problem: Exception, where: str, timeout: float) -> TargetError:
    """Give the error that a failed exchange means; `where` is host and port, `timeout` the seconds that it had."""
    if isinstance(problem, TimeoutError):
        return Unreachable(
            f"{where} gave no complete answer within {timeout:g} s",
            hint="The node may hang or be overloaded; raise the option timeout if it is only slow.",
        )
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return Unreachable(f"the name of {where} cannot be resolved", hint="Check the spelling of the address and the DNS servers.")
    if isinstance(problem, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return BadAnswer(f"{where} broke off or garbled its answer ({type(problem).__name__})")
    return _of_trust(problem, where) or Unreachable(f"{where} cannot be reached: {_reason(problem)}", hint=_connection_hint(where))


def is_unconnected(problem: Exception) -> bool:
    """Tell whether there was no connection at all, so that nothing was sent; one that is not trusted is another matter."""
    if isinstance(problem, aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch):
        return False
    return isinstance(problem, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


def _of_trust(problem: Exception, where: str) -> Unreachable | None:
    if isinstance(problem, aiohttp.ServerFingerprintMismatch):
        return Unreachable(
            f"{where} shows another certificate than the pinned one; its SHA-256 is {problem.got.hex()}",
            hint="If the certificate was renewed, set the option fingerprint anew, or use ca_file; else somebody is in between.",
        )
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return Unreachable(f"the certificate of {where} is not trusted: {_reason(problem)}", hint=_CERTIFICATE_HINT)
    if isinstance(problem, aiohttp.ClientConnectorSSLError):
        hint = "The port must speak TLS 1.2 or newer; the Platform API listens on 8080 unless somebody moved it."
        return Unreachable(f"no TLS connection to {where}: {_reason(problem)}", hint=hint)
    return None


def _connection_hint(where: str) -> str:
    return f"Check that the cluster is up, that {where} is its address and port, and that no firewall is in between."


def _reason(problem: Exception) -> str:
    inner = getattr(problem, "os_error", None) or getattr(problem, "certificate_error", None) or problem
    return str(getattr(inner, "strerror", None) or inner or type(problem).__name__)[:EXCERPT]
