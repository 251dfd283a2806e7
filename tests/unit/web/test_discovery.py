"""What Prometheus is told of the targets: valid label names, and no login that stands in an address."""

from __future__ import annotations

import json
import re

import pytest

from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import TargetStatus
from mendwatch.polling.standby import State
from mendwatch.web import discovery

LABEL = re.compile(r"__meta_[a-zA-Z0-9_]+")


def _status(address: str = "lab.example", **labels: str) -> TargetStatus:
    target = Target("lab", "onefs", address, labels=labels)
    return TargetStatus(
        target,
        "onefs",
        "cluster",
        up=None,
        identity=None,
        state=State.POLLING,
        until=None,
        error=None,
        hint=None,
        collectors=(),
    )


def test_each_target_is_a_group_with_what_relabelling_may_want() -> None:
    (group,) = discovery.groups([_status(site="north", provider="mine", target_label="x")])

    assert group == {
        "targets": ["lab"],
        "labels": {
            "__meta_mendwatch_provider": "onefs",
            "__meta_mendwatch_address": "lab.example",
            "__meta_mendwatch_target_label": "cluster",
            "__meta_mendwatch_label_site": "north",
            "__meta_mendwatch_label_provider": "mine",
            "__meta_mendwatch_label_target_label": "x",
        },
    }
    assert all(LABEL.fullmatch(name) for name in group["labels"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("login", ["user:canary@", "user:can/ary@", "user:can@ary@", "canary@"])
@pytest.mark.parametrize("scheme", ["https://", ""])
def test_no_login_of_an_address_is_told(login: str, scheme: str) -> None:
    told = json.dumps(discovery.groups([_status(f"{scheme}{login}lab.example:8080")]))

    assert f"{scheme}lab.example:8080" in told
    assert "ary" not in told
