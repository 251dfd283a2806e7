"""From a status, a body or an exception of the connection to the one error type that the core acts on."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import BadAnswer, Denied, TargetError, Throttled, Unreachable, Unsupported
from mendwatch_onefs.failures import EXCERPT, Rejected, complaints_of, of_answer, of_connection, patience, quotation

WHAT = "GET /platform/1/statistics/current"
SECRET = 'Kanarie"n vogel/7'


def _error(status: int, body: bytes = b"{}", headers: dict[str, str] | None = None) -> TargetError | None:
    return of_answer(status, headers or {}, body, WHAT, (SECRET,))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, BadAnswer),
        (400, Rejected),
        (403, Denied),
        (404, Unsupported),
        (405, Unsupported),
        (410, Unsupported),
        (418, BadAnswer),
        (429, Throttled),
        (500, BadAnswer),
        (502, Unreachable),
        (503, Throttled),
        (504, Unreachable),
    ],
)
def test_each_status_is_its_own_error_with_a_hint(status: int, kind: type[TargetError]) -> None:
    error = _error(status)
    assert type(error) is kind
    assert error.hint
    assert f"HTTP {status}" in str(error)
    assert WHAT in str(error)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_good_answer_is_no_error_even_with_errors_beside_its_data(status: int) -> None:
    assert _error(status, b'{"nodes": [], "errors": [{"code": "AEC_TIMEOUT", "lnn": 3}]}') is None


@pytest.mark.parametrize("status", [200, 403])
def test_a_bare_array_of_errors_is_denied_with_the_privilege(status: int, recorded: Callable[[str], bytes]) -> None:
    error = _error(status, recorded("from-tests/statistics_current_forbidden_bare_array.json"))
    assert isinstance(error, Denied)
    assert "ISI_PRIV_STATISTICS" in error.hint
    assert "Access denied" in str(error)


def test_a_bare_array_that_is_no_error_is_a_bad_answer() -> None:
    assert type(_error(200, b"[1, 2]")) is BadAnswer
    assert type(_error(200, b"[{}]")) is BadAnswer
    assert type(_error(200, b"[")) is BadAnswer
    assert isinstance(_error(200, b'[{"code": "AEC_NOT_FOUND"}]'), Unsupported)


def test_denied_names_the_privilege_of_the_message_before_the_one_of_the_path() -> None:
    message = "Privilege check failed. The following read privilege is required: Quota (ISI_PRIV_QUOTA)"
    error = _error(403, json.dumps({"errors": [{"code": "AEC_FORBIDDEN", "message": message}]}).encode())
    assert isinstance(error, Denied)
    assert error.hint.endswith("--add-priv-read ISI_PRIV_QUOTA")
    assert "ISI_PRIV_STATISTICS" not in str(error)


@pytest.mark.parametrize(
    ("resource", "privilege"),
    [
        ("3/cluster/nodes", "DEVICES"),
        ("3/cluster/time", "SYS_TIME"),
        ("12/upgrade/cluster", "SYS_UPGRADE"),
        ("1/snapshot/snapshots", "SNAPSHOT"),
        ("14/sync/policies", "SYNCIQ"),
        ("3/protocols/ntp/servers", "NTP"),
        ("16/protocols/nfs/locks", "NFS"),
    ],
)
def test_a_refusal_without_a_name_is_told_with_the_privilege_of_the_path(resource: str, privilege: str) -> None:
    error = of_answer(403, {}, b"{}", f"GET /platform/{resource}", (SECRET,))
    assert isinstance(error, Denied)
    assert error.hint.endswith(f"--add-priv-read ISI_PRIV_{privilege}")


def test_a_missing_key_is_unsupported(recorded: Callable[[str], bytes]) -> None:
    error = _error(404, recorded("from-tests/statistics_key_not_found.json"))
    assert isinstance(error, Unsupported)
    assert "Stat not found" in str(error)


def test_an_html_body_is_named_and_not_quoted() -> None:
    error = _error(500, b"\n<!DOCTYPE html><html><h1>Internal</h1></html>")
    assert str(error).endswith("an HTML page")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Thu, 21 Dec 2023 08:07:04 GMT", "Date": "Thu, 21 Dec 2023 08:05:34 GMT"}, 90.0),
        ({"Retry-After": "Thu, 21 Dec 2023 08:05:00 GMT", "Date": "Thu, 21 Dec 2023 08:05:34 GMT"}, 1.0),
        ({"Retry-After": "Thu, 21 Dec 2023 08:07:04 GMT"}, 60.0),
        ({"Retry-After": "when ready"}, 60.0),
        ({"Retry-After": "-3"}, 1.0),
        ({"Retry-After": "99999999"}, 3600.0),
        ({}, 60.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_is_bounded(headers: dict[str, str], seconds: float) -> None:
    assert patience(headers) == seconds
    error = _error(503, b"", headers)
    assert isinstance(error, Throttled)
    assert error.after == seconds


@given(st.text(max_size=400), st.sampled_from(["json", "raw", "url"]))
def test_a_quotation_is_one_short_line_without_the_secret(around: str, form: str) -> None:
    written = {
        "json": json.dumps({"errors": [{"message": SECRET + around}]}),
        "raw": around + SECRET,
        "url": "Kanarie%22n%20vogel%2F7",
    }
    body = written[form].encode("utf-8", "replace")
    line = quotation(complaints_of(body), body, (SECRET,))
    assert SECRET not in line
    assert "vogel" not in line or "vogel" in around
    assert len(line) <= EXCERPT
    assert len(line.splitlines()) == 1


def test_a_secret_at_the_cut_does_not_leave_its_first_half() -> None:
    body = (" " * 5000 + "x" * (EXCERPT - 4) + SECRET).encode()
    assert SECRET[:3] not in quotation((), body, (SECRET,))


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("Retry-After"), st.text(max_size=40)))
def test_no_answer_makes_the_judgement_raise(status: int, body: bytes, headers: dict[str, str]) -> None:
    error = _error(status, body, headers)
    assert error is None or error.hint


def test_a_timeout_is_unreachable_and_says_how_long() -> None:
    error = of_connection(TimeoutError(), "c:8080", 2.5)
    assert isinstance(error, Unreachable)
    assert "2.5 s" in str(error)
    assert "timeout" in error.hint


def test_a_broken_answer_is_bad_and_a_broken_connection_unreachable() -> None:
    assert isinstance(of_connection(aiohttp.ClientPayloadError("cut"), "c:8080", 1), BadAnswer)
    assert isinstance(of_connection(aiohttp.ServerDisconnectedError(), "c:8080", 1), Unreachable)
    assert isinstance(of_connection(ConnectionResetError(104, "reset"), "c:8080", 1), Unreachable)


def test_hints_differ_by_cause() -> None:
    pinned = aiohttp.ServerFingerprintMismatch(b"\x01" * 32, b"\x02" * 32, "c", 8080)
    problems = [TimeoutError(), pinned, aiohttp.ServerDisconnectedError(), ssl.SSLError(1, "odd")]
    hints = {of_connection(problem, "c:8080", 1).hint for problem in problems[:3]}
    assert len(hints) == 3
    assert "02" * 32 in str(of_connection(pinned, "c:8080", 1))
