# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""One session with the Platform API of a OneFS cluster, for modules of this collection.

It uses the standard library only. It must not know what a module changes, and no message it makes holds a secret.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

#: The most characters of an error body that are shown: enough for a sentence, too few for a page.
LONGEST_ERROR = 256
#: No answer that a module asks for is larger.
LARGEST_ANSWER = 8 * 1024 * 1024
#: No answer is waited for as long as this many seconds.
LONGEST_TIMEOUT = 3600
#: What one page of a list is asked to hold, and how many pages a list may have: a list without an end is no list.
PAGE, MOST_PAGES = 1000, 100
#: What a person does about a refusal.
HINTS = {
    HTTPStatus.UNAUTHORIZED: "Check the write account and its password.",
    HTTPStatus.FORBIDDEN: "Give the account's role this privilege: isi auth roles modify.",
    HTTPStatus.CONFLICT: "Somebody else changes it now. Look again, then plan anew.",
    HTTPStatus.TOO_MANY_REQUESTS: "The cluster is busy. Try later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The cluster is busy. Try later.",
}


class PapiError(Exception):
    """The cluster did not do what was asked; `status` is its HTTP status, or None when it gave none."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Connection:
    """Where the cluster is and who asks."""

    url: str
    username: str
    password: str = field(repr=False)
    ca_file: str | None = None
    fingerprint: str | None = None
    timeout: float = 10.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Connection:
        """Read the connection from MENDWATCH_ONEFS_*; raises PapiError when something needed is missing or wrong."""

        def value(name: str) -> str:
            return environment.get(f"MENDWATCH_ONEFS_{name}", "")

        missing = [name for name in ("URL", "USERNAME", "PASSWORD") if not value(name)]
        if missing:
            raise PapiError(f"The environment lacks MENDWATCH_ONEFS_{', MENDWATCH_ONEFS_'.join(missing)}.")
        if urlsplit(value("URL")).scheme != "https" or not urlsplit(value("URL")).hostname:
            raise PapiError("MENDWATCH_ONEFS_URL must be https://host:port.")
        pin = value("FINGERPRINT").replace(":", "").lower() or None
        timeout = _seconds(value("TIMEOUT") or "10")
        return cls(value("URL").rstrip("/"), value("USERNAME"), value("PASSWORD"), value("CA_FILE") or None, pin, timeout)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < LONGEST_TIMEOUT:
        raise PapiError(f"MENDWATCH_ONEFS_TIMEOUT must be seconds above 0 and below {LONGEST_TIMEOUT}.")
    return seconds


class Papi:
    """A session: `with Papi(connection) as api` logs in and, whatever happens, logs out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http = _open(connection)
        self._cookies: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Log in."""
        who = {"username": self._connection.username, "password": self._connection.password, "services": ["platform"]}
        self._call("POST", "/session/1/session", who)
        if "isisessid" not in self._cookies:
            self._http.close()
            raise PapiError("The cluster gave no session.")
        return self

    def __exit__(self, *_: object) -> None:
        """Log out; a logout that fails changes nothing about what was done, so it is not told."""
        try:
            self._call("DELETE", "/session/1/session")
        except PapiError:
            pass
        finally:
            self._http.close()

    def get(self, resource: str, /, **query: str) -> dict[str, Any]:
        """Read a resource below /platform."""
        asked = urlencode(query, errors="surrogatepass")  # a path may be no Unicode
        answer = self._call("GET", f"/platform/{resource}" + (f"?{asked}" if asked else ""))
        if not isinstance(answer, dict):
            raise PapiError(f"The answer to GET {resource} is not an object.")
        return answer

    def every(self, resource: str, name: str, /, **query: str) -> Iterator[dict[str, Any]]:
        """Read a list below /platform page by page; `name` is the field that holds its rows."""
        page = self.get(resource, limit=str(PAGE), **query)
        for _ in range(MOST_PAGES):
            yield from page.get(name) or []
            token = page.get("resume")
            if not token:
                return
            page = self.get(resource, resume=token)  # which must stand alone
        raise PapiError(f"The list {resource} does not end.")

    def put(self, resource: str, body: Mapping[str, Any]) -> None:
        """Change a resource below /platform."""
        self._call("PUT", f"/platform/{resource}", body)

    def post(self, resource: str, body: Mapping[str, Any]) -> None:
        """Make something, or let something happen, below /platform."""
        self._call("POST", f"/platform/{resource}", body)

    def delete(self, resource: str) -> None:
        """Remove one thing below /platform; `resource` ends in what `segment` gave, for without it everything would go."""
        self._call("DELETE", f"/platform/{resource}")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> object:
        what = f"{method} {path.partition('?')[0]}"
        try:
            self._http.request(method, path, None if body is None else json.dumps(body).encode(), self._headers())
            answer = self._http.getresponse()
            data = answer.read(LARGEST_ANSWER)
            if answer.length:
                raise http.client.IncompleteRead(data, answer.length)
        except (OSError, http.client.HTTPException) as problem:
            self._http.close()
            raise PapiError(f"{what} got no answer: {_reason(problem)}") from problem
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(cookie).items()})
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise PapiError(_refusal(what, answer.status, data), answer.status)
        return _decoded(data, what)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": "application/json", "Origin": self._connection.url}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers["X-CSRF-Token"] = self._cookies.get("isicsrf", "")
            headers["Referer"] = self._connection.url
        return headers


class _PinnedConnection(http.client.HTTPSConnection):
    """Trusts one certificate and sends nothing before it has seen it."""

    pin = ""

    def connect(self) -> None:
        super().connect()
        seen = hashlib.sha256(self.sock.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(seen, self.pin):
            self.close()
            raise ssl.SSLCertVerificationError(f"the certificate's fingerprint is {seen}, not the pinned one")


def _open(connection: Connection) -> http.client.HTTPSConnection:
    host, port = urlsplit(connection.url).hostname, urlsplit(connection.url).port or 8080
    if connection.fingerprint is None:
        try:
            trust = ssl.create_default_context(cafile=connection.ca_file)
        except OSError as problem:
            raise PapiError(f"The CA file cannot be used: {_reason(problem)}") from problem
        return http.client.HTTPSConnection(host or "", port, timeout=connection.timeout, context=trust)
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # the fingerprint says more than a name
    pinned = _PinnedConnection(host or "", port, timeout=connection.timeout, context=trust)
    pinned.pin = connection.fingerprint
    return pinned


def segment(identifier: object) -> str:
    """Give an id as one part of a path; raises PapiError for one that would address something else."""
    text = str(identifier)
    if text in {"", ".", ".."}:
        raise PapiError(f"{text!r} is not an id.", HTTPStatus.NOT_FOUND)
    return quote(text, safe="")


def _refusal(what: str, status: int, data: bytes) -> str:
    """Give a refusal as sentences: what was refused, why, and what to do where that is known."""
    hint = next((words for known, words in HINTS.items() if known == status), "")
    return f"{what} was refused with {status}: {_error(data)}{'. ' + hint if hint else ''}"


def _decoded(data: bytes, what: str) -> object:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError as problem:
        raise PapiError(f"The answer to {what} is not JSON.") from problem


def _error(data: bytes) -> str:
    """Give what an error body says: OneFS' own message where there is one, never a whole page."""
    try:
        found = json.loads(data)
        errors = found["errors"] if isinstance(found, dict) else found
        text = "; ".join(str(error["message"]) for error in errors)
    except (ValueError, KeyError, TypeError):
        text = "no message"
    return text[:LONGEST_ERROR]


def _reason(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__)[:LONGEST_ERROR]
