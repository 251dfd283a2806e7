"""The nodes of the cluster's group as subjects of rules: one that left is gone, one that lost its number is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from mendwatch_onefs.cluster import ClusterCollector, ClusterConfig, Device

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Answering:
    """A client that gives one answer."""

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config

    async def get(self, *_: object) -> ClusterConfig:
        return self.config

    def runs(self, _: str) -> None:
        """Hear which release it is."""


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ({1: True, 2: False}, True),
        ({1: True, None: False}, False),
        ({1: True, 2: "perhaps"}, False),
        ({}, False),
        (None, False),
    ],
)
async def test_only_an_answer_that_names_every_node_says_that_another_is_gone(
    nodes: Mapping[int | None, object] | None, *, told: bool
) -> None:
    devices = None if nodes is None else [Device(lnn, lnn, up) for lnn, up in nodes.items()]
    client: Any = Answering(ClusterConfig(devices=devices))
    reading = await ClusterCollector().collect(client, NOW)
    assert ("cluster_node" in reading.complete) == told
