"""Who approves is the kernel's word: what anybody can put into the environment is believed of root alone."""

from __future__ import annotations

import os
import pwd

import pytest

from mendwatch.cli import context

ROOT, NOBODY = pwd.getpwnam("root"), pwd.getpwnam("nobody")
UNKNOWN = 2**31 - 7
FORGED = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"), "root") | {"SUDO_UID": "0"}


def test_forged_variables_name_nobody_else() -> None:
    assert context.login(NOBODY.pw_uid, NOBODY.pw_uid, FORGED) == NOBODY.pw_name


def test_root_behind_sudo_is_the_person_who_typed_sudo() -> None:
    assert context.login(0, 0, {"SUDO_UID": str(NOBODY.pw_uid), "SUDO_USER": "somebody"}) == NOBODY.pw_name


@pytest.mark.parametrize("uid", [str(UNKNOWN), "", "-1", "none", "9" * 30, "\u0661"])
def test_root_with_a_sudo_uid_of_no_account_is_root(uid: str) -> None:
    assert context.login(0, 0, {"SUDO_UID": uid, "SUDO_USER": "somebody"}) == ROOT.pw_name


def test_a_number_without_an_account_stays_a_number() -> None:
    assert context.login(UNKNOWN, UNKNOWN, {"USER": "root"}) == f"uid-{UNKNOWN}"


def test_the_command_line_asks_for_the_process_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    monkeypatch.delenv("SUDO_UID", raising=False)

    assert context.person().name == pwd.getpwuid(os.getuid()).pw_name
