"""The archive for whoever helps: everything that explains an agent, and no secret in any spelling."""

from __future__ import annotations

import base64
import html
import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import UserError
from mendwatch.service import bundle

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=4, max_size=30).filter(
    lambda text: text not in bundle.REDACTED
)
#: Up to here, base64 of something else may hold the same letters.
SHORT = 8


def _read(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        return {member.name: file.read().decode() for member, file in members if file is not None}


@given(SECRETS)
def test_a_secret_leaves_in_no_usual_spelling(secret: str) -> None:
    spelled = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        repr(secret),
    ]
    if len(secret) > SHORT:
        spelled.append(base64.b64encode(f"monitor:{secret}".encode()).decode())
    data = {"checks": [{"detail": f"{secret!r} x{secret}y"}], secret: spelled}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.tar.gz"
        bundle.write(path, {"a.txt": "\n".join(spelled), "b.json": data, "c.yaml": data}, [secret])
        found = _read(path)

    whole = "\n".join([found["mendwatch/a.txt"], *map(str, _strings(json.loads(found["mendwatch/b.json"])))])
    whole += "\n".join(map(str, _strings(yaml.safe_load(found["mendwatch/c.yaml"]))))
    assert bundle.REDACTED in whole
    assert [one for one in spelled if one in whole.replace(bundle.REDACTED, "") and one not in bundle.REDACTED] == []


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    else:
        yield str(value)


@pytest.mark.parametrize(
    "secret", ["can'ary\"9", "canary 9 with words " * 10, "canary\udcff9", "canary\\9\n", "canary%2F9", "\u00e4\u00f6\u00fc9"]
)
def test_an_odd_secret_leaves_neither_by_the_way_data_is_written(tmp_path: Path, secret: str) -> None:
    data = {"a": [f"a long line of words before it, {secret}, and a long line of words behind it, so that it is folded" * 2]}

    bundle.write(tmp_path / "b.tar.gz", {"a.json": data, "a.yaml": data, "a.txt": secret}, [secret])

    assert "canary" not in "".join(_read(tmp_path / "b.tar.gz").values())
    assert "9" not in "".join(_read(tmp_path / "b.tar.gz").values())


def test_a_full_disk_leaves_no_half_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, "_add", full)
    with pytest.raises(UserError, match="No space left"):
        bundle.write(tmp_path / "b.tar.gz", {"a": "b"}, [])

    assert not any(tmp_path.iterdir())


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError):
        bundle.check(tmp_path / "b.tar.gz")
    with pytest.raises(UserError):
        bundle.write(tmp_path / "b.tar.gz", {"a": "b"}, [])

    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("password", "${NAME}", "${NAME}"),
        ("password", "${ONE}${TWO}", "${ONE}${TWO}"),
        ("password", "file:secret.password", "file:secret.password"),
        ("password", "vault:a/b", "vault:a/b"),
        ("password", "${NAME}-canary", bundle.REDACTED),
        ("password", "canary-${NAME}", bundle.REDACTED),
        ("password", "abc", bundle.REDACTED),
        ("bind_password_hash", "canary", bundle.REDACTED),
        ("API_KEY", "canary", bundle.REDACTED),
        ("community", ["canary"], bundle.REDACTED),
        ("password_file", "/etc/secret", "/etc/secret"),
        ("proxy", "http://user:canary@proxy:3128", "http://proxy:3128"),
        ("proxy", "http://user:can/ary@proxy:3128", "http://proxy:3128"),
        ("address", "user:canary@host", "host"),
        ("keys", "kept", "kept"),
    ],
)
def test_a_setting_shows_where_its_secret_is_and_nothing_of_it(name: str, value: object, shown: str) -> None:
    assert bundle.redacted({"options": {name: value}}) == {"options": {name: shown}}


def test_settings_that_hold_secrets_are_hidden_by_their_names() -> None:
    settings = {
        "targets": [
            {"address": "https://user:word@host:1", "credentials": {"read": {"username": "u", "password": "hidden"}}},
            {"credentials": {"read": {"username": "u", "password": "file:here"}, "write": {"password": "${HERE}"}}},
        ],
        "basic_auth_users": {"alice": "hash"},
    }

    shown = yaml.safe_dump(bundle.redacted(settings))

    assert "hidden" not in shown
    assert "word@" not in shown
    assert "hash" not in shown
    assert "file:here" in shown
    assert "${HERE}" in shown


def test_only_its_owner_can_read_the_archive(tmp_path: Path) -> None:
    bundle.write(tmp_path / "b.tar.gz", {"a": "b"}, [])

    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_text("mine", "utf-8")

    with pytest.raises(UserError, match="cannot be written"):
        bundle.write(tmp_path / "b.tar.gz", {"a": "b"}, [])

    assert (tmp_path / "b.tar.gz").read_text("utf-8") == "mine"


def test_the_versions_name_this_program() -> None:
    assert any(line.startswith("mendwatch ") for line in bundle.versions().splitlines())
