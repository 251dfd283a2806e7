"""What an account lacks, and the very lines that grant it."""

from __future__ import annotations

import shlex

import pytest

from mendwatch.provider import Grade, Need
from mendwatch_onefs.privileges import Caller, Privilege, Token, grants, held, judged


def _caller(*privileges: Privilege) -> Caller:
    return Caller(Token(list(privileges)))


def test_letters_are_read_and_older_releases_have_words() -> None:
    caller = _caller(
        Privilege("ISI_PRIV_QUOTA", "w"),
        Privilege("ISI_PRIV_EVENT", read_only=True),
        Privilege("ISI_PRIV_JOB_ENGINE", read_only=False),
        Privilege("ISI_PRIV_AUTH", "-"),
        Privilege(None, "r"),
    )

    assert held(caller) == {"ISI_PRIV_QUOTA": "w", "ISI_PRIV_EVENT": "r", "ISI_PRIV_JOB_ENGINE": "w", "ISI_PRIV_AUTH": "-"}


@pytest.mark.parametrize("caller", [Caller(), Caller(Token()), Caller(Token([]))])
def test_an_answer_without_privileges_grants_nothing(caller: Caller) -> None:
    assert held(caller) == {}


@pytest.mark.parametrize(
    ("letter", "write", "grade"),
    [("r", False, Grade.OK), ("w", False, Grade.OK), ("-", False, Grade.FAILED), ("r", True, Grade.FAILED), ("w", True, Grade.OK)],
)
def test_writing_needs_more_than_reading(letter: str, write: bool, grade: Grade) -> None:  # noqa: FBT001 - a table's column
    (check,) = judged([Need("somebody", "ISI_PRIV_QUOTA", write)], {"ISI_PRIV_QUOTA": letter}, "monitor")

    assert check.grade is grade


def test_who_needs_the_same_privilege_shares_one_check() -> None:
    needs = [Need("collector quotas", "ISI_PRIV_QUOTA"), Need("collector capacity", "ISI_PRIV_QUOTA")]

    (check,) = judged(needs, {}, "monitor")

    assert "collector quotas, collector capacity" in check.detail
    assert check.lines == (
        "isi auth roles create mendwatch-monitor",
        "isi auth roles modify mendwatch-monitor --add-user monitor",
        "isi auth roles modify mendwatch-monitor --add-priv-read ISI_PRIV_QUOTA",
    )


def test_what_applies_is_granted_to_a_role_of_its_own() -> None:
    (check,) = judged([Need("remediation onefs/quota_raise", "ISI_PRIV_QUOTA", write=True, tier="write")], {}, "fix")

    assert check.lines == grants("mendwatch-remediate", "fix", [("ISI_PRIV_QUOTA", "w")])
    assert check.lines[-1] == "isi auth roles modify mendwatch-remediate --add-priv-write ISI_PRIV_QUOTA"


@pytest.mark.parametrize("user", ["CORP\\monitor", "monitor; reboot", "o'brien", "$(id)"])
def test_the_lines_name_any_account_as_a_shell_takes_it(user: str) -> None:
    lines = grants("mendwatch-monitor", user, [("ISI_PRIV_QUOTA", "r")])

    assert shlex.split(lines[1])[-2:] == ["--add-user", user]
