"""From cluster/config to samples and an identity."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mendwatch_onefs.cluster import ClusterConfig, identity_of, lnn_by_devid, samples_of
from mendwatch_onefs.decoding import decode

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
WHOLE = {
    "name": "prod-1",
    "guid": "0a",
    "has_quorum": True,
    "onefs_version": {"release": "v9.5.0.3"},
    "devices": [{"devid": 1, "lnn": 1, "is_up": True}, {"devid": "6", "lnn": "2", "is_up": False}, {"devid": 7, "lnn": 3}],
}


def _config(**changes: object) -> ClusterConfig:
    return decode(json.dumps({**WHOLE, **changes}).encode(), ClusterConfig, "test")


def _read(config: ClusterConfig) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric, sample.labels): sample.value for sample in samples_of(config, NOW)}


def test_a_cluster_tells_its_release_its_quorum_and_its_nodes() -> None:
    assert _read(_config()) == {
        ("powerscale_cluster_info", ("prod-1", "0a", "9.5.0.3")): 1.0,
        ("powerscale_cluster_quorum", ()): 1.0,
        ("powerscale_node_up", ("1",)): 1.0,
        ("powerscale_node_up", ("2",)): 0.0,
    }


def test_what_a_cluster_does_not_tell_gives_no_sample() -> None:
    assert _read(decode(b"{}", ClusterConfig, "test")) == {}
    assert _read(decode(json.dumps(dict.fromkeys(WHOLE)).encode(), ClusterConfig, "test")) == {}


def test_devices_map_to_logical_numbers() -> None:
    assert lnn_by_devid(_config()) == {1: 1, 6: 2, 7: 3}


def test_an_identity_has_name_product_release_and_the_newest_api() -> None:
    identity = identity_of(_config(), 17, "host:8080")
    assert (identity.name, identity.product, identity.version) == ("prod-1", "Dell PowerScale OneFS", "9.5.0.3")
    assert identity.capabilities == {"papi:17"}


def test_an_identity_without_a_name_is_called_by_its_address() -> None:
    assert identity_of(decode(b"{}", ClusterConfig, "test"), None, "host:8080").name == "host:8080"
