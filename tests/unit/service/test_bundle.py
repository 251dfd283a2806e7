"""The archive for whoever helps: everything that explains an agent, and no secret in any spelling."""

from __future__ import annotations

import json
import tarfile
import tempfile
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


def _read(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        return {member.name: file.read().decode() for member, file in members if file is not None}


@given(SECRETS)
def test_a_secret_leaves_in_no_usual_spelling(secret: str) -> None:
    text = "\n".join([secret, json.dumps({"a": secret}), quote(secret, safe=""), quote_plus(secret), f"x{secret}y"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.tar.gz"
        bundle.write(path, {"a.txt": text}, [secret])
        (found,) = _read(path).values()

    assert bundle.REDACTED in found
    assert found.replace(bundle.REDACTED, "").find(secret) == -1


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
