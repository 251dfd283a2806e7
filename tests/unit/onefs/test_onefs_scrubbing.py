"""What is taken out of a recording: known secrets in every usual spelling, and whatever is named like one."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.clock import SystemClock
from mendwatch_onefs.recording import line_of
from mendwatch_onefs.scrubbing import REMOVED, Scrubber
from mendwatch_onefs.wire import Answer, Question

CANARY = "Canary-9!"
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=30).filter(
    lambda text: text not in REMOVED and not set(text) <= set('"{}[]:, \\_abdehkmnopqrstuy')
)


@pytest.mark.parametrize(
    "field",
    [
        "password",
        "bind_password",
        "Passwd",
        "admin_passphrase",
        "community",
        "rocommunity",
        "snmp_v3_priv_password",
        "secret_key",
        "s3_secret",
        "api_key",
        "private_key",
        "access_token",
        "csrf_token",
        "encryption_key",
        "isisessid",
        "credentials",
        "email_pass",
        "keytab",
    ],
)
def test_text_below_a_name_of_a_secret_goes_at_any_depth(field: str) -> None:
    body = {"a": [{field: CANARY}], field: {"inner": [CANARY, {"deep": CANARY}]}, "kept": "kept"}

    shown = Scrubber(()).value(body)

    assert CANARY not in json.dumps(shown)
    assert shown["kept"] == "kept"


def test_what_collectors_read_of_such_fields_stays() -> None:
    body = {
        "ntoken": {"privilege": [{"id": "ISI_PRIV_QUOTA"}]},
        "password_set": True,
        "pass_status": "ok",
        "passed": "yes",
        "max_password_age": 90,
        "token": None,
    }
    stats = {"stats": [{"key": "node.auth.token.rate", "value": 5.5, "devid": 1}], "resume": "1-abc"}

    assert Scrubber(()).value(body) == body
    assert Scrubber(()).value(stats) == stats


@pytest.mark.parametrize("name", ["name", "key", "id"])
def test_a_setting_that_is_named_beside_its_value_goes_too(name: str) -> None:
    shown = Scrubber(()).value([{name: "bind_password", "value": CANARY}, {name: "port", "value": "389"}])

    assert shown == [{name: "bind_password", "value": REMOVED}, {name: "port", "value": "389"}]


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{CANARY}@proxy.example.com:3128/",
        f"Authorization: Basic {base64.b64encode(f'user:{CANARY}'.encode()).decode()}",
        f"isisessid={CANARY}; Path=/",
        f'<p>password="{CANARY}"</p>',
        f"<form><input type='hidden' name='csrf_token' value='{CANARY} {CANARY}'></form>",
        f'"bind_password": "{CANARY}"',
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
    ],
)
def test_secrets_in_text_go_by_what_stands_beside_them(text: str) -> None:
    shown = Scrubber(()).text(text)

    assert CANARY not in shown
    assert base64.b64encode(f"user:{CANARY}".encode()).decode() not in shown
    assert REMOVED in shown


@given(SECRETS)
def test_a_known_secret_leaves_in_no_usual_spelling(secret: str) -> None:
    spelled = [
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        repr(secret)[1:-1],
    ]
    page = Answer(500, {"Content-Type": "text/html"}, {}, "\n".join(spelled).encode())
    data = Answer(200, {"Content-Type": "application/json"}, {}, json.dumps({"a": spelled, secret: 1}).encode())

    for answer in (page, data):
        line = json.loads(line_of(Question("GET", "/platform/1/x"), answer, Scrubber([secret])))
        held = json.dumps(line["body"], ensure_ascii=False)
        assert not [one for one in spelled if one in held.replace(REMOVED, "")]


@pytest.mark.parametrize("secret", ["200", "body", "status", "GET", "true", "1", '":', "path"])
def test_a_secret_that_is_a_word_of_the_form_does_not_break_it(secret: str) -> None:
    answer = Answer(200, {"Content-Type": "application/json"}, {}, b'{"status": 200, "ok": true}')

    line = json.loads(line_of(Question("GET", "/x"), answer, Scrubber([secret])))

    assert (line["status"], line["method"], line["body"].get("ok")) == (200, "GET", True)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "\\ud800"}',
        '{"a": "one\u2028two\u0085three\x1cfour"}'.encode(),
        b"\xff\xfe",
        b"",
        b'"text"',
        b"null",
        b"17",
        b"[" * 100_000,
    ],
)
def test_any_body_is_one_line(raw: bytes) -> None:
    line = line_of(Question("GET", "/x"), Answer(200, {}, {}, raw), Scrubber([CANARY]))

    assert line.isascii()
    assert len(line.splitlines()) == 1
    json.loads(line)


def test_a_long_body_is_searched_in_no_time() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    for text in ("a" * 1_000_000, "<input " * 50_000, "password" * 50_000, "://" * 100_000, "-----BEGIN PRIVATE KEY-----" * 20_000):
        Scrubber([CANARY]).text(text)

    assert clock.monotonic() - began < 5
