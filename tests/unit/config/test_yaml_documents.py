"""YAML as all files of a person are read: strict, quick, and with the place of every key."""

from __future__ import annotations

import pytest

from mendwatch.config import documents
from mendwatch.errors import ContentError


def refusal(text: str) -> str:
    with pytest.raises(ContentError) as problem:
        documents.parse(text, "f.yaml")
    return str(problem.value)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: off\n", {"on": "off"}),
        ("a: yes\n", {"a": "yes"}),
        ("a: true\nb: False\n", {"a": True, "b": False}),
        ("é: ['ü', \"\\u20ac\"]\n", {"é": ["ü", "€"]}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("", None),
        ("\ufeffa: 1\n", {"a": 1}),
    ],
)
def test_what_is_written_is_what_is_read(text: str, data: object) -> None:
    assert documents.parse(text, "f.yaml").data == data


def test_every_key_and_every_item_has_its_place_counted_in_characters() -> None:
    document = documents.parse("é: ü\nb:\n- {ä: 1, c: 2}\n- x\n", "f.yaml")

    assert document.where(("é",)) == "f.yaml:1:1"
    assert document.where(("b", 0, "c")) == "f.yaml:3:10"
    assert document.where(("b", 1)) == "f.yaml:4:3"
    assert document.where(("b", 0, "nothing")) == "f.yaml:3:3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: not YAML: the key 'a' is written twice"),
        ("a: [1,\nb: 2", "f.yaml:2:"),
        ("a: 'x\n", "f.yaml:"),
        ("a: \x00", "not YAML"),
        ("a: *x", "f.yaml:1:4: not YAML: found undefined alias"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: &x [*x]", "recursive"),
        ("a: 2024-13-45", "a value cannot be read"),
        ("{[a]: 1}", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.timeout(20)
def test_aliases_of_aliases_cannot_stand_for_more_than_anybody_wrote() -> None:
    levels = "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9))

    assert "too many values" in refusal("a0: &a0 [x]\n" + levels)
