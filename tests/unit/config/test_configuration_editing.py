"""A target is added to a configuration as text; everything else stays as it was written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.config.editing import with_target
from mendwatch.errors import ConfigurationError

NEW = {"name": "new", "provider": "onefs", "address": "192.0.2.1", "options": {"timeout": 5}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "listen: 127.0.0.1:1",
        "targets: []\nlisten: 127.0.0.1:1\n",
        "targets:\nlisten: 127.0.0.1:1\n",
        "targets:\n- name: a\n  address: b # here\n",
        "targets:\n- name: a\n  address: b\n\n# what follows\nlisten: 127.0.0.1:1\n",
        "targets:\n    - name: a\n      labels:\n        x: y",
        "targets: # mine\nlisten: 127.0.0.1:1\n",
        "targets: [] # mine\nlisten: 127.0.0.1:1\n",
        "targets:   [ ] # mine",
        "targets: ~\n",
        "\ufefflisten: 127.0.0.1:1\n",
        "\ufefftargets:\n- name: a\n",
        "---\ntargets:\n- &one\n  name: a\n  labels: &l {x: y}\n- name: b\n  labels: *l\n",
        "targets: null # mine\n",
        "targets:\n- name: a\n  address: |\n    b\n",
        "targets:\n- name: 'a\u2028b'\nlisten: 127.0.0.1:1\n",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_target_comes_last_and_all_other_lines_stay(text: str, end: str) -> None:
    changed = with_target(text.replace("\n", end), "mendwatch.yaml", NEW)

    assert yaml.safe_load(changed)["targets"][-1] == NEW
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("targets:")]
    assert [line for line in changed.splitlines() if line in kept] == kept
    assert changed.count("# mine") == text.count("# mine")
    assert changed.count("\n") == changed.count(end) if "\n" in text else True


def test_a_comment_before_what_follows_stays_there() -> None:
    changed = with_target("targets:\n- name: a\n\n# the door\nlisten: 127.0.0.1:1\n", "mendwatch.yaml", NEW)

    assert changed.endswith("\n\n# the door\nlisten: 127.0.0.1:1\n")


@pytest.mark.parametrize(
    "text",
    [
        "targets: [{name: a}]\n",
        "targets: [\n]\n",
        "targets: &x\n- name: a\nother: *x\n",
        "targets: 5\n",
        "targets: !!seq\n- name: a\n",
        "listen: 127.0.0.1:1\n...\n",
        "{listen: '127.0.0.1:1'}\n",
        "  listen: 127.0.0.1:1\n",
        "targets:\n- name: a\n  address: |\n    b\n    # no comment\nlisten: x\n",
        "- a\n",
        "5\n",
        "text\n",
    ],
)
def test_a_file_that_cannot_be_added_to_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        with_target(text, "mendwatch.yaml", NEW)

    assert "by hand" in raised.value.hint


@pytest.mark.parametrize("text", ["a: [\n", "targets:\n\t- name: a\n"])
def test_what_is_no_yaml_is_told_with_its_line(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:\d+:\d+: not YAML"):
        with_target(text, "mendwatch.yaml", NEW)


@given(st.dictionaries(st.sampled_from(["name", "address"]), st.text(min_size=1), min_size=2))
def test_any_text_in_a_stanza_is_read_back_as_it_was(stanza: dict[str, str]) -> None:
    try:
        changed = with_target("targets:\n- name: a\n", "mendwatch.yaml", stanza)
    except ConfigurationError:
        return
    assert yaml.safe_load(changed)["targets"] == [{"name": "a"}, stanza]
