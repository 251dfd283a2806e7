"""Names of runs are short, random from the first sign on, and hard to misread."""

from __future__ import annotations

import re

import pytest

from mendwatch.errors import NotFound
from mendwatch.store import ids


def test_names_of_runs_differ_soon() -> None:
    names = [ids.run_id() for _ in range(2000)]

    assert all(re.fullmatch(r"run-[0-9a-hjkmnp-tv-z]{10}", name) for name in names)
    assert len(set(names)) == 2000
    assert len({name[4] for name in names}) == len(ids.ALPHABET)


def test_a_typed_beginning_may_leave_out_the_word_run() -> None:
    assert ids.run_prefix("7k3qz9") == ids.run_prefix("run-7k3qz9") == "run-7k3qz9"


@pytest.mark.parametrize(
    "typed", ["run-7", "7k3qz", "run-7k3qz90hxmm", "run-%", "run-7k3qz9\n", "run_7k3qz9", "RUN-7K3QZ9", "../../x"]
)
def test_what_cannot_begin_a_name_is_not_found(typed: str) -> None:
    with pytest.raises(NotFound) as caught:
        ids.run_prefix(typed)
    assert caught.value.hint


def test_what_was_typed_is_shown_short_and_harmless() -> None:
    assert ids.shown("\x1b[31m\u202e" + "x" * 500) == repr("\x1b[31m")[:-1] + "\\u202e" + "x" * 34 + "'"
