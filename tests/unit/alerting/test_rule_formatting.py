"""Rule files in their canonical form: keys in order, comments where they belong, and never another meaning."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from random import Random

import pytest
import yaml

from mendwatch.alerting.formatting import formatted
from mendwatch.config import documents
from mendwatch.errors import ContentError

SHIPPED = sorted((Path(__file__).parents[3] / "rules").rglob("*.yaml"))
HEAD = "groups:\n- name: g\n  rules:\n"


def rule(text: str) -> str:
    whole = HEAD + textwrap.indent(textwrap.dedent(text), "  ")
    return textwrap.dedent(formatted(whole, "rules.yaml").removeprefix(HEAD))


def test_keys_are_put_in_order_and_comments_go_with_the_key_below() -> None:
    before = """\
    # about the rule
    - when: usage_bytes > 1  # at its end
      # above for
      for: 5m

      # above on
      on: quota
      alert: A   # the name
    # about the next
    - {alert: B, on: node, when: up < 1}
    """
    after = """\
    # about the rule
    - alert: A   # the name

      # above on
      on: quota
      when: usage_bytes > 1  # at its end
      # above for
      for: 5m
    # about the next
    - {alert: B, on: node, when: up < 1}
    """

    assert rule(before) == textwrap.dedent(after)


def test_the_keys_of_a_remediation_of_a_group_and_of_a_file_have_an_order_too() -> None:
    before = (
        "tests: []\ngroups:\n- rules:\n  - remediate:\n      guard: {cooldown: 1h}\n      # why\n      mode: approve\n"
        "      remediation: x/y\n    alert: A\n    on: quota\n    when: a > 1\n  name: g\n"
    )

    assert formatted(before, "x") == (
        "groups:\n- name: g\n  rules:\n  - alert: A\n    on: quota\n    when: a > 1\n    remediate:\n      remediation: x/y\n"
        "      # why\n      mode: approve\n      guard: {cooldown: 1h}\ntests: []\n"
    )


def test_texts_of_several_lines_move_whole() -> None:
    when = "when: |\n    usage_bytes > 1 &&\n\n    # no comment\n      up < 1\n"
    texts = "annotations:\n    s: >-\n      a\n\n      b\n"

    assert rule(f"- {when}  {texts}  on: quota\n  alert: A\n") == f"- alert: A\n  on: quota\n  {when}  {texts}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for: 60m", "for: 1h"),
        ("for: 90s", "for: 90s"),
        ("for: 1440m", "for: 1d"),
        ("for: 0", "for: 0"),
        ("for: 5 minutes", "for: 5 minutes"),
        ('labels: {severity: "warning"}', "labels: {severity: 'warning'}"),
        ('labels: {severity: "it\'s"}', 'labels: {severity: "it\'s"}'),
        ('labels: {severity: "a\\tb"}', 'labels: {severity: "a\\tb"}'),
        ("labels: {severity: warning}", "labels: {severity: warning}"),
        ("flap: {window: 3600s}", "flap: {window: 1h}"),
    ],
)
def test_durations_and_quotes_are_written_one_way(before: str, after: str) -> None:
    assert rule(f"- alert: A\n  {before}\n") == f"- alert: A\n  {after}\n"


def test_blanks_at_the_end_of_lines_and_needless_lines_go() -> None:
    assert formatted("\n\ngroups:   \n\n\n\n- name: g  \n  rules: []\n\n\n", "x") == "groups:\n\n- name: g\n  rules: []\n"


def test_line_ends_of_another_system_stay() -> None:
    before = "groups:\r\n- rules: []\r\n  name: g\r\n"

    assert formatted(before, "x") == "groups:\r\n- name: g\r\n  rules: []\r\n"


def test_an_item_with_a_wide_dash_keeps_it() -> None:
    assert rule("-   on: quota\n    alert: A\n") == "-   alert: A\n    on: quota\n"


def test_what_stands_in_braces_stays_as_it_is() -> None:
    assert rule("- {on: quota, alert: A}\n") == "- {on: quota, alert: A}\n"


@pytest.mark.parametrize("text", ["", "# only a remark\n", "[]\n", "a: 1\n", "groups: 5\n", "groups: [5, {rules: 7}]\n"])
def test_what_is_no_file_of_rules_stays_as_it_is(text: str) -> None:
    assert formatted(text, "x") == text


@pytest.mark.parametrize("text", ["groups: [", "a: 1\na: 2\n", "a: &x [*x]\n"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ContentError):
        formatted(text, "rules.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "- ? on\n  : quota\n  ? alert\n  : A\n",
        "- on: &x quota\n  labels: {a: *x}\n  alert: A\n  when: b\n  clear: *x\n",
        "- when: |+\n    a\n\n\n  alert: A\n",
        "- remediate: {remediation: x/y\n    }\n  alert: A\n",
        "- <<: {on: quota}\n  alert: A\n",
        "-\n  on: quota\n  alert: A\n",
        "- on: quota\n  alert: A",
        "- !!map\n  on: quota\n  alert: A\n",
        "- on: quota\n  when: a\n    # deep\n  alert: A\n# low\n",
    ],
)
def test_what_is_strangely_written_keeps_its_meaning_or_is_left_alone(text: str) -> None:
    before = HEAD + textwrap.indent(text, "  ")
    try:
        after = formatted(before, "rules.yaml")
    except ContentError:
        return
    assert documents.parse(after, "x").data == documents.parse(before, "x").data
    assert formatted(after, "x") == after


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_files_keep_their_meaning_their_comments_and_their_form(path: Path) -> None:
    before = path.read_text("utf-8")
    after = formatted(before, path.name)

    assert formatted(after, path.name) == after
    assert sorted(re.findall(r" # .*", before)) == sorted(re.findall(r" # .*", after))
    assert [r["alert"] for g in yaml.safe_load(before)["groups"] for r in g["rules"]] == [
        r["alert"] for g in yaml.safe_load(after)["groups"] for r in g["rules"]
    ]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_order_keys_were_written_in_the_same_file_comes_out(seed: int) -> None:
    shuffled = Random(seed)  # noqa: S311 - to shuffle
    chunks = [
        "alert: A",
        "on: quota",
        "# one\n  match: [a=b]",
        "when: >-\n    a\n    > 1",
        "for: 5m # two",
        "\n  # three\n  key: [cluster]",
        "labels:\n    # four\n    severity: warning",
        "remediate:\n    remediation: x/y",
    ]
    ordered = rule("- " + "\n  ".join(chunks) + "\n")
    first, *rest = shuffled.sample([chunk for chunk in chunks if chunk[0] not in "#\n"], 5)
    rest += [chunk for chunk in chunks if chunk not in {first, *rest}]
    shuffled.shuffle(rest)

    assert rule("- " + "\n  ".join([first, *rest]) + "\n") == ordered
