"""The sandbox: values are put out literally, and nothing hidden or endless gets through."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import ContentError
from mendwatch.model.runs import Change
from mendwatch.model.text import visible
from mendwatch.render import words
from mendwatch.render.cleaning import LONGEST, untrusted
from mendwatch.render.renderer import Checker, Renderer

RENDERER = Renderer(Path())
HIDDEN = [
    "\n",
    "\r",
    "\x1b[31m",
    "\u202e",
    "\u200b",
    "\u2028",
    "\u2029",
    "\ue000",
    "\ud800",
    "\x85",
    "\u2066",
    "\ufeff",
    "\0",
    "\u3164",
    "\ufe0f",
    "\u115f",
]
HOSTILE = ["{{ 7*7 }}", "{% for x in y %}", "{{ lookup('pipe','touch pwned') }}", "<script>", "${x}", "%(x)s", "{#", "|e"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_value_is_never_a_template(path: str) -> None:
    assert RENDERER.inline("at {{ path }}!", {"path": path}) == f"at {path}!"
    assert RENDERER.inline("at {{ path | untrusted }}!", {"path": path}) == f"at {path}!"


@pytest.mark.parametrize("hidden", HIDDEN)
def test_hidden_characters_are_removed_and_counted(hidden: str) -> None:
    shown = RENDERER.inline("{{ path }}", {"path": f"/ifs/a{hidden}b"})

    assert shown.startswith("/ifs/a")
    assert not [character for character in shown if not visible(character)]
    assert "hidden removed]" in shown


def test_two_names_that_only_look_the_same_can_be_told_apart() -> None:
    assert untrusted("/ifs/a\u200b") != untrusted("/ifs/a")


def test_letters_of_any_script_stay() -> None:
    assert untrusted("/ifs/é/データ/ﬁ x") == "/ifs/é/データ/ﬁ x"


def test_a_long_value_is_cut_and_says_so() -> None:
    shown = untrusted("a" * 1_000_000)

    assert shown.startswith("a" * LONGEST + " [")
    assert shown.endswith(f"{1_000_000 - LONGEST} more]")
    assert len(shown) < LONGEST + 40


@given(st.text())
def test_no_text_gets_a_hidden_character_through(text: str) -> None:
    assert not [character for character in untrusted(text) if not visible(character)]
    assert "\n" not in RENDERER.inline("{{ x }}", {"x": text})
    assert "\n" not in RENDERER.inline("{{ x }}", {"x": [text]})


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ pct.__globals__ }}",
        "{{ x.__init__ }}",
        "{{ ().__class__.__bases__[0].__subclasses__() }}",
        "{{ x.append(1) }}",
        "{{ range(10**9) | list }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{% include 'x' %}",
    ],
)
def test_a_template_cannot_reach_out_of_the_sandbox(source: str) -> None:
    with pytest.raises(ContentError):
        RENDERER.inline(source, {"x": [1]})


@pytest.mark.parametrize(
    "source", ["{{ missing }}", "{{ x.missing }}", "{{ 1 / 0 }}", "{{ None + 1 }}", "{{ x", "{{ x | nofilter }}", "{{ x['y'] }}"]
)
def test_what_cannot_be_rendered_is_our_error_with_a_hint(source: str) -> None:
    with pytest.raises(ContentError) as problem:
        RENDERER.inline(source, {"x": {}})

    assert problem.value.hint


def test_a_missing_template_is_our_error_and_no_path_leads_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.j2").write_text("secret", "utf-8")
    for name in ("missing.j2", "../secret.j2", str(tmp_path / "secret.j2")):
        with pytest.raises(ContentError, match="cannot be rendered"):
            Renderer(tmp_path / "in").text(name, {})


def test_a_template_of_the_folder_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("{% if a %}\nyes {{ a }}\n{% endif %}\n", "utf-8")

    assert Renderer(tmp_path).text("x.j2", {"a": "\u202e1"}) == "yes 1 [1 hidden removed]\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ path }} {{ pct(usage) }} {{ usage | gib }}", []),
        ("{{ pth }}", [("unknown name 'pth'", "did you mean 'path'?")]),
        ("{% for x in [1] %}{{ x }}{% endfor %}", []),
    ],
)
def test_faults_are_found_before_anybody_renders(source: str, expected: list[tuple[str, str]]) -> None:
    assert Checker().faults(source, ["path", "usage"]) == expected


@pytest.mark.parametrize("source", ["{{ path", "{% if %}", "{{ path | nofilter }}"])
def test_what_is_no_template_is_found_too(source: str) -> None:
    assert Checker().faults(source, ["path"])[0][0].startswith("no template")


@pytest.mark.parametrize(
    ("call", "value", "expected"),
    [
        (words.gib, 1.5 * 2**30, "1.50 GiB"),
        (words.gib, 5 * 2**40, "5,120.00 GiB"),
        (words.gib, None, "unknown"),
        (words.pct, 0.925, "92.5 %"),
        (words.pct, float("nan"), "unknown"),
        (words.pct, True, "unknown"),
        (words.pct, "0.9", "unknown"),
        (words.duration, 5400, "1h30m"),
        (words.duration, timedelta(minutes=5), "5m"),
        (words.duration, float("inf"), "unknown"),
    ],
)
def test_numbers_in_words(call: object, value: object, expected: str) -> None:
    assert callable(call)
    assert call(value) == expected


def rows(before: str, after: str, subject: str = "/ifs/a") -> list[str]:
    return [str(line) for line in words.rows([Change(subject, before, after)])]


def test_a_change_is_shown_as_before_and_after_of_what_differs() -> None:
    assert rows("hard_limit_bytes: 1073741824\nsoft: none", "hard_limit_bytes: 2147483648\nsoft: none") == [
        "of /ifs/a",
        "  hard_limit_bytes  1073741824 (1.00 GiB)  ->  2147483648 (2.00 GiB)",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "hard: 1", "  hard  -  ->  1"),
        ("hard: 1", "", "  hard  1  ->  -"),
        ('{\n  "hard": 1,\n}', '{\n  "hard": 2,\n}', "  hard  1  ->  2"),
        ("free text", "other text", "  free text   present  ->  -"),
        ("a: 1", "a: 1", "  nothing differs"),
    ],
)
def test_a_change_of_any_shape_is_shown(before: str, after: str, expected: str) -> None:
    assert rows(before, after)[1] == expected


def test_no_value_can_end_the_fence_it_is_shown_in() -> None:
    lines = rows("```: 1\na: 1", "```: 2\na: ```\n## Approved", subject="```\n# Approved")
    lines += [str(line) for line in words.pairs({"```": "```", "x\n```": 1})]

    assert not [line for line in lines if line.lstrip().startswith("```") or "\n" in line]
