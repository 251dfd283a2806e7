"""An examination ends with checks, whatever a provider does, and says what to type in a way that a shell takes."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Credential, Target
from mendwatch.polling.watches import watch
from mendwatch.provider import Check, Grade, Need, Suggestion
from mendwatch.service import examination, library
from mendwatch.testing.collectors import ScriptedProvider


@dataclass
class Odd(ScriptedProvider):
    """A provider whose examination ends as it should not."""

    problem: Exception | None = None

    async def examine(
        self, target: Target, read: Credential | None, write: Credential | None, needs: Sequence[Need]
    ) -> AsyncIterator[Check]:
        yield Check("first", Grade.OK, f"{target.id} {read is None} {write is None} {len(needs)}")
        if self.problem is not None:
            raise self.problem

    async def suggest(self, target: Target) -> Sequence[Suggestion]:
        raise NotImplementedError

    async def inspect(self, target: Target, read: Credential | None) -> dict[str, object]:
        raise NotImplementedError


def _settings(**more: object) -> TargetSettings:
    return TargetSettings.model_validate({"name": "lab", "provider": "scripted", "address": "lab.example", **more})


async def _checks(provider: ScriptedProvider, stanza: TargetSettings, folder: Path) -> list[Check]:
    watched = watch(stanza, provider, folder)
    loaded = library.load(Settings(shipped_rules=False))
    return [check async for check in examination.target(watched, stanza, loaded, folder)]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (ZeroDivisionError("by zero"), "provider scripted failed: ZeroDivisionError: by zero"),
        (ConfigurationError("no address", hint="Write one."), "no address"),
        (ExceptionGroup("many", [ValueError("one")]), "ExceptionGroup"),
    ],
)
async def test_whatever_a_provider_raises_is_one_failed_check(tmp_path: Path, problem: Exception, words: str) -> None:
    first, last = await _checks(Odd(problem=problem), _settings(), tmp_path)

    assert (first.grade, last.grade, last.name) == (Grade.OK, Grade.FAILED, "examination")
    assert words in last.detail
    assert last.hint


async def test_a_secret_that_cannot_be_read_is_a_failed_check_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    accounts = {"read": {"username": "a", "password": "file:nothing"}, "write": {"username": "b", "password": "${NO_SUCH_NAME}"}}

    found = await _checks(Odd(), _settings(credentials=accounts), tmp_path)

    assert [(check.name, check.grade) for check in found] == [
        ("read credential", Grade.FAILED),
        ("write credential", Grade.FAILED),
        ("first", Grade.OK),
    ]


async def test_a_provider_that_examines_nothing_is_skipped(tmp_path: Path) -> None:
    (check,) = await _checks(ScriptedProvider(), _settings(), tmp_path)

    assert check.grade is Grade.SKIPPED


def test_the_line_for_an_open_state_folder_can_be_typed(tmp_path: Path) -> None:
    folder = tmp_path / "my state; rm -rf"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)

    check = next(examination.local(Settings(state_dir=folder), library.load(Settings(shipped_rules=False))))

    assert check.grade is Grade.FAILED
    assert shlex.split(check.lines[0]) == ["chmod", "0700", str(folder)]


def test_a_state_folder_that_cannot_be_looked_at_is_a_failed_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    folder = tmp_path / "file" / "state"

    check = next(examination.local(Settings(state_dir=folder), library.load(Settings(shipped_rules=False))))

    assert check.grade is Grade.FAILED
    assert "cannot be looked at" in check.detail
