"""The web configuration's file: Prometheus' own format, and what this server refuses of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendwatch.config import web_config
from mendwatch.errors import ConfigurationError

HASH = "$2y$10$" + "a" * 21 + "." + "a" * 31


def _load(folder: Path, text: str) -> web_config.WebConfig:
    path = folder / "web.yml"
    path.write_text(text, "utf-8")
    return web_config.load(path)


@pytest.mark.parametrize("text", ["", "tls_server_config:\nbasic_auth_users:\n", "{}"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    found = _load(tmp_path, text)

    assert found.tls is None
    assert not found.basic_auth_users


def test_files_start_at_the_folder_of_the_configuration(tmp_path: Path) -> None:
    tls = _load(tmp_path, "tls_server_config: {cert_file: server.crt, key_file: /etc/server.key}").tls

    assert tls is not None
    assert tls.cert_file == tmp_path / "server.crt"
    assert tls.key_file == Path("/etc/server.key")


def test_a_hash_is_taken_and_never_shown(tmp_path: Path) -> None:
    found = _load(tmp_path, f"basic_auth_users: {{alice: {HASH}}}")

    assert found.basic_auth_users == {"alice": HASH}
    assert HASH not in repr(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("basic_auth_users: {alice: secret}", "no bcrypt hash"),
        ("basic_auth_users: {alice: $2y$03$" + HASH[7:] + "}", "no bcrypt hash"),
        ("basic_auth_users: {alice: $2y$10$" + "a" * 53 + "}", "no bcrypt hash"),
        ("basic_auth_users: {alice: $2y$31$" + HASH[7:] + "}", "too long to check"),
        ("basic_auth_users: {'ali:ce': " + HASH + "}", "can never log in"),
        ("tls_server_config: {cert_file: a}", "belong together"),
        ("tls_server_config: {min_version: TLS12}", "needs cert_file"),
        (
            "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert, client_ca_file: c}",
            "without checking",
        ),
        ("tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}", "belong together"),
        ("tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}", "belong together"),
        ("tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}", "broken"),
        ("tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}", "below min_version"),
        ("tls_server_config: {cert_file: a, key_file: b, cipher_suites: [TLS_AES_128_GCM_SHA256]}", "cannot be chosen"),
        ("http_server_config: {headers: {X-Own: abc}}", "cannot be set"),
        ('http_server_config: {headers: {X-Frame-Options: "deny\\r\\nSet-Cookie: a=b"}}', "one line"),
        ("http_server_config: {headers: {X-Frame-Options: d\u00e9ny}}", "one line"),
        ("basic_auth_user: {}", "basic_auth_users"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_line_and_a_hint(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        _load(tmp_path, text)

    assert words in f"{raised.value} {raised.value.hint}"
    assert "web.yml:1:" in str(raised.value)
    assert "secret" not in str(raised.value)
