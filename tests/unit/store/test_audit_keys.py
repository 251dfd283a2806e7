"""The audit key is 32 random bytes in a file that nobody else can read, or there is no key."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mendwatch.errors import StoreError
from mendwatch.store.keys import load_or_create


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.key"

    key = load_or_create(path)

    assert (len(key), load_or_create(path)) == (32, key)
    assert key != load_or_create(tmp_path / "other.key")
    assert [entry.name for entry in path.parent.iterdir()] == ["audit.key"]


def test_a_key_is_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "state" / "audit.key")
    finally:
        os.umask(before)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state", tmp_path / "state" / "audit.key")]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "audit.key"
    load_or_create(path)
    path.chmod(mode)

    with pytest.raises(StoreError, match=f"mode {mode:04o}") as caught:
        load_or_create(path)
    assert "chmod 0600" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"x" * 100_000])
def test_a_file_of_another_length_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audit.key"
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="is no audit key"):
        load_or_create(path)
    assert path.read_bytes() == content


def test_a_key_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="cannot be read or made"):
        load_or_create(tmp_path / "file" / "audit.key")


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_or_create, [tmp_path / "audit.key"] * 64))

    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key"]
