"""A configuration is replaced in one move: as whole, as readable and as owned as it was, or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mendwatch.cli import saving
from mendwatch.cli.saving import PasswordFile, save
from mendwatch.errors import ConfigurationError, UserError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "mendwatch.yaml"
    file.write_bytes(b"# mine\r\nlisten: x\r\n")
    return file


@pytest.fixture
def password(tmp_path: Path) -> PasswordFile:
    return PasswordFile(tmp_path / "lab.password", "canary-P9")


def _more(text: str) -> str:
    return f"{text}# more\r\n"


def test_lines_keep_their_ends_and_the_password_has_a_file_of_its_own(config: Path, password: PasswordFile) -> None:
    save(config, _more, password)

    assert config.read_bytes() == b"# mine\r\nlisten: x\r\n# more\r\n"
    assert password.path.read_text("utf-8") == "canary-P9\n"
    assert sorted(file.name for file in config.parent.iterdir()) == ["lab.password", "mendwatch.yaml"]
    assert "canary" not in repr(password)


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_the_mode_stays_whatever_the_processs_own_mask(config: Path, password: PasswordFile, mode: int) -> None:
    config.chmod(mode)
    before = os.umask(0o077)
    try:
        save(config, _more, password)
    finally:
        os.umask(before)

    assert config.stat().st_mode & 0o7777 == mode
    assert password.path.stat().st_mode & 0o7777 == 0o600


def test_owner_and_group_stay_for_the_password_too(config: Path, password: PasswordFile, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    told = os.fstat

    def other(descriptor: int) -> os.stat_result:
        found = list(told(descriptor))
        found[4] += 1  # the user's number
        return os.stat_result(found)

    monkeypatch.setattr(saving.os, "fstat", other)
    monkeypatch.setattr(saving.os, "fchown", lambda _, user, group: given.append((user, group)))
    save(config, _more, password)

    like = config.stat()
    assert given == [(like.st_uid, like.st_gid)] * 2


@pytest.mark.parametrize("step", ["fchown", "fsync", "replace"])
def test_a_step_that_fails_leaves_everything_as_it_was(
    config: Path, password: PasswordFile, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before, calls = config.read_bytes(), []

    def fail(*_: object) -> None:
        calls.append(step)
        if len(calls) == (1 if step == "replace" else 2):  # the password is there already
            raise OSError(28, "No space left on device")

    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(saving.os, "fstat", lambda _: os.stat_result(range(10)))
        monkeypatch.setattr(saving.os, "fchown", lambda *_: None)
        monkeypatch.setattr(saving.os, step, fail)
    with pytest.raises(UserError, match="No space left"):
        save(config, _more, password)

    assert [file.name for file in config.parent.iterdir()] == ["mendwatch.yaml"]
    assert config.read_bytes() == before


def test_a_change_that_is_refused_leaves_no_password(config: Path, password: PasswordFile) -> None:
    def refuse(_: str) -> str:
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        save(config, refuse, password)

    assert not password.path.exists()


def test_a_password_file_that_is_there_is_not_touched(config: Path, password: PasswordFile) -> None:
    password.path.write_text("mine", "utf-8")
    before = config.read_bytes()

    with pytest.raises(UserError, match=r"lab\.password"):
        save(config, _more, password)

    assert (password.path.read_text("utf-8"), config.read_bytes()) == ("mine", before)


def test_a_link_in_the_place_of_the_password_is_not_followed(config: Path, password: PasswordFile, tmp_path: Path) -> None:
    password.path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError):
        save(config, _more, password)

    assert not (tmp_path / "elsewhere").exists()


def test_two_who_save_at_once_both_have_their_change(config: Path) -> None:
    reading, going_on = threading.Event(), threading.Event()

    def slow(text: str) -> str:
        reading.set()
        assert going_on.wait(10)
        return f"{text}# one\n"

    one = threading.Thread(target=save, args=(config, slow))
    two = threading.Thread(target=save, args=(config, lambda text: f"{text}# two\n"))
    one.start()
    assert reading.wait(10)
    two.start()
    two.join(0.1)
    assert two.is_alive()
    going_on.set()
    for thread in (one, two):
        thread.join(10)

    assert config.read_text("utf-8").endswith("# one\n# two\n")
