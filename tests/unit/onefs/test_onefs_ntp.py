"""From protocols/ntp/servers to samples."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from simulated import Asked, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.ntp import ServerPage, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _read(asked: Asked) -> Reading:
    return reading_of(asked.decoded("3/protocols/ntp/servers", ServerPage).servers, NOW)


def _given(*servers: Any) -> Reading:  # noqa: ANN401 - JSON
    return reading_of(decode(json.dumps({"servers": servers}).encode(), ServerPage, "x").servers, NOW)


def test_the_servers_are_counted_and_named() -> None:
    reading = _read(Asked())
    assert series(reading) == {
        ("powerscale_ntp_servers", ()): 2,
        ("powerscale_ntp_server_info", ("ntp1.example.com",)): 1,
        ("powerscale_ntp_server_info", ("ntp2.example.com",)): 1,
    }
    assert (reading.complete, reading.drift) == ({"ntp"}, {})


def test_a_cluster_that_asks_nobody_has_a_true_zero() -> None:
    asked = Asked()
    asked.cluster.operations.time_servers.clear()
    assert series(_read(asked)) == {("powerscale_ntp_servers", ()): 0}


@pytest.mark.parametrize("name", [None, "", {}, [], True])
def test_a_server_without_a_name_is_counted_with_the_others_and_named_nowhere(name: object) -> None:
    reading = _given({"name": name}, {"name": "10.0.0.1"})
    assert series(reading) == {("powerscale_ntp_servers", ()): 2, ("powerscale_ntp_server_info", ("10.0.0.1",)): 1}
    assert reading.drift == {"protocols/ntp/servers: name": 1}


def test_servers_are_added_and_removed_as_a_remediation_does_it() -> None:
    asked = Asked()
    path = "3/protocols/ntp/servers"
    assert asked.answer("POST", path, {"name": "ntp3.example.com"})[0] == 201
    assert asked.answer("POST", path, {"name": "ntp3.example.com"})[0] == 400
    assert asked.answer("POST", path, {})[0] == 400
    assert asked.answer("DELETE", f"{path}/ntp1.example.com")[0] == 204
    assert asked.answer("DELETE", f"{path}/ntp1.example.com")[0] == 404
    assert asked.answer("GET", f"{path}/ntp1.example.com")[0] == 404
    assert [one["name"] for one in asked.get(path)["servers"]] == ["ntp2.example.com", "ntp3.example.com"]
    assert asked.answer("DELETE", path)[0] == 204
    assert asked.get(path)["total"] == 0
