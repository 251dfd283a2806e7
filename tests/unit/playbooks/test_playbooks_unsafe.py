"""Variables become data that Ansible never evaluates, or are refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import ExecutionError
from mendwatch.playbooks import unsafe

PLAIN_KEYS = st.text("abcXYZ_09", min_size=1)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(PLAIN_KEYS, inner),
    max_leaves=10,
)


def unwrapped(value: object) -> object:
    if isinstance(value, dict) and set(value) == {"__ansible_unsafe"}:
        return value["__ansible_unsafe"]
    if isinstance(value, dict):
        return {key: unwrapped(inner) for key, inner in value.items()}
    return [unwrapped(inner) for inner in value] if isinstance(value, list) else value


def bare_strings(value: object) -> list[str]:
    if isinstance(value, dict) and set(value) == {"__ansible_unsafe"}:
        return []
    if isinstance(value, dict):
        return [text for inner in value.values() for text in bare_strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in bare_strings(inner)]
    return [value] if isinstance(value, str) else []


@given(VALUES)
def test_every_string_is_wrapped_and_nothing_else_changes(value: object) -> None:
    wrapped = json.loads(json.dumps(unsafe.wrap(value)))

    assert bare_strings(wrapped) == []
    assert unwrapped(wrapped) == value


@pytest.mark.parametrize("key", ["{{ 1 }}", "__ansible_unsafe", "__ansible_vault", "", "a'b", "{% x %}", 3])
def test_a_key_that_is_not_plain_is_refused(key: object) -> None:
    with pytest.raises(ExecutionError, match="cannot be passed"):
        unsafe.extra_vars({"value": {key: "x"}})


@pytest.mark.parametrize(
    "name", ["ansible_connection", "ansible_python_interpreter", "__ansible_unsafe", "a-b", "9a", "a b", "", "a\n"]
)
def test_a_name_that_would_steer_ansible_is_refused(name: str) -> None:
    with pytest.raises(ExecutionError, match="cannot be the name"):
        unsafe.extra_vars({name: 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {1, 2}, object()])
def test_a_value_that_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(ExecutionError, match="cannot be passed"):
        unsafe.extra_vars({"value": value})
