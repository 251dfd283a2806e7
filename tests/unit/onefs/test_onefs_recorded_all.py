"""Every recorded and documented answer through the collector that reads it, with numbers worked out by hand from the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import recordings
from papi_wire import JSON, Bend, World, make_world
from simulated import Series, series

from mendwatch.errors import AuthenticationFailed, Denied, Unsupported
from mendwatch.model.samples import Reading
from mendwatch_onefs import logins
from mendwatch_onefs.wire import Answer, Question

Recorded = Callable[[str], bytes]
CSM, TESTS = "csm-metrics-powerscale/", "from-tests/"
CURRENT, QUOTAS = "statistics/current", "quota/quotas"
GROUPS, LISTS = "event/eventgroup-occurrences", "event/eventlists"

#: What no collector reads, and why. Everything else in the folder must be read by a test here.
UNREAD: Mapping[str, str] = {
    "README.md": "tells what the others are",
    "papi-endpoints-by-release.json": "tells which release has what; the simulator is held against it",
    "papi-models-v9_12_0.json": "tells the fields of answers; the simulator is held against it",
    "statistics-keys-catalogue-2016.json": "the table of keys is held against it elsewhere; here it is the cluster's own catalogue",
    TESTS + "event_suppress_page.json": "which events are suppressed is the administrator's wish and no state that a rule needs",
    TESTS + "performance_dataset_stat.json": "workloads are read from the summaries, which name them; this key has numbers only",
    TESTS + "http_401_headers_onefs95.txt": "headers only: the session's tests serve such an answer over HTTPS",
}


@pytest.fixture
def world() -> World:
    """Give the cluster that answers all else."""
    return make_world()


def _instead(resource: str, body: bytes, **query: str) -> Bend:
    """Let a recorded answer come for one resource; `query` picks one of several questions."""

    def bend(_: int, question: Question, answer: Answer) -> Answer:
        fits = question.path.endswith(resource) and query.items() <= question.query.items()
        return replace(answer, body=body) if fits else answer

    return bend


async def _read(world: World, name: str, bend: Bend, **options: Any) -> Reading:  # noqa: ANN401 - options of the target
    return await world.reading(world.collectors()[name], bend, **options)


def _mine(found: Series, prefix: str) -> Series:
    return {(metric.removeprefix(prefix), labels): value for (metric, labels), value in found.items() if metric.startswith(prefix)}


async def test_the_statistics_of_2022_are_permil_and_bytes(world: World, recorded: Recorded) -> None:
    body = recorded(CSM + "platform-3-statistics-current.json")
    found = series(await _read(world, "statistics", _instead(CURRENT, body)))
    assert {metric: value for (metric, labels), value in found.items() if "statistics" not in metric} == {
        "powerscale_cluster_cpu_system_ratio": 0.135,  # 135 permil, which is 13.5 % and not 135
        "powerscale_cluster_disk_writes_per_second": 2.3,
        "powerscale_cluster_disk_reads_per_second": 0.0,
        "powerscale_cluster_disk_write_bytes_per_second": 14_950.4,
        "powerscale_cluster_disk_read_bytes_per_second": 0.0,
    }


async def test_an_error_code_of_0_is_a_good_value(world: World, recorded: Recorded) -> None:
    found = series(await _read(world, "statistics", _instead(CURRENT, recorded(TESTS + "statistics_current_ok.json"))))
    assert found["powerscale_cluster_net_external_receive_bytes_per_second", ()] == 12_345.6


async def test_a_bare_array_that_forbids_is_denied_by_the_privilege(world: World, recorded: Recorded) -> None:
    body = recorded(TESTS + "statistics_current_forbidden_bare_array.json")
    with pytest.raises(Denied, match="ISI_PRIV_STATISTICS"):
        await _read(world, "statistics", _instead(CURRENT, body))


async def test_a_key_that_is_not_found_alone_is_parked_and_all_keys_are_unsupported(world: World, recorded: Recorded) -> None:
    refusal = Answer(404, JSON, {}, recorded(TESTS + "statistics_key_not_found.json"))

    def bend(_: int, question: Question, answer: Answer) -> Answer:
        return refusal if "node.uptime" in question.query.get("keys", "").split(",") else answer

    found = series(await _read(world, "statistics", bend))
    assert found["powerscale_statistics_parked_keys", ("refused",)] == 1.0
    assert not _mine(found, "powerscale_node_uptime")
    with pytest.raises(Unsupported):
        await _read(world, "statistics", lambda _, question, answer: refusal if CURRENT in question.path else answer)


#: By the name of the recorded shape: the key and the group that give it, and node 1's numbers.
SHAPES: Mapping[str, tuple[str, str, Series]] = {
    "node.mds.cache.stats": (
        "node.mds.cache.stats",
        "caches",
        {
            ("powerscale_node_cache_hits_total", ("1", "mds")): 5_191_200.0,
            ("powerscale_node_cache_misses_total", ("1", "mds")): 414_440.0,
        },
    ),
    "cluster.protostats.smb2": (
        "node.protostats.smb2",
        "default",
        {("powerscale_node_protocol_operations_per_second", ("1", "smb2")): 12.6 + 3456.1 + 789.2},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_a_recorded_shape_of_value_gives_its_numbers(name: str, world: World, recorded: Recorded) -> None:
    key, group, expected = SHAPES[name]
    value = json.loads(recorded(TESTS + "stat_value_shapes.json"))[name]

    def bend(_: int, question: Question, answer: Answer) -> Answer:
        if key not in question.query.get("keys", "").split(","):
            return answer
        body = json.loads(answer.body)
        for stat in body["stats"]:
            stat["value"] = value if stat["key"] == key else stat["value"]
        return replace(answer, body=json.dumps(body).encode())

    found = series(await _read(world, "statistics", bend, statistics={"groups": (group,)}))
    metrics = {metric for metric, _ in expected}
    part = {one: number for one, number in found.items() if one[0] in metrics and one[1][:2] == next(iter(expected))[1][:2]}
    assert part == pytest.approx(expected)


def test_every_shape_but_those_of_single_clients_and_hot_paths_is_read(recorded: Recorded) -> None:
    # Clients nested in statistics have addresses and no totals; the summary of clients has both, and is read instead. Hot paths
    # come from the summary of heat, which gives the hottest of the whole cluster and no more than the option heat_top says.
    assert set(json.loads(recorded(TESTS + "stat_value_shapes.json"))) - set(SHAPES) == {
        "nested_client_proto",
        "node.ifs.heat.lock",
    }


async def test_the_quotas_of_an_older_release(world: World, recorded: Recorded) -> None:
    listed = b'{"quotas": ' + recorded(CSM + "client1-quotas.json") + b', "resume": null}'
    reading = await _read(world, "quotas", _instead(QUOTAS, listed, type="directory"), quota_types=("directory",))
    found = _mine(series(reading), "powerscale_quota_")
    paths = ["/ifs/data/csi/mock-pv1", *(f"/ifs/data/csi/mock-pv2{sub}" for sub in ("", "/sub1", "/sub2", "/sub3"))]
    kinds = {(path, "directory") for path in paths} | {("/ifs/data/csi/mock-pv1", "user")}
    assert {labels for metric, labels in found if metric == "hard_limit_bytes"} == kinds
    for labels in kinds:
        hard = 32_212_254_722.0 if labels[0] == "/ifs/data/csi/mock-pv2" else 3_221_225_472.0
        assert found["hard_limit_bytes", labels] == hard
        assert found["usage_bytes", labels] == 0.0  # logical, because overhead does not count, and truly nothing
        assert found["physical_bytes", labels] == 2048.0
        assert found["inodes", labels] == 1.0
        assert found["ready", labels] == found["enforced", labels] == 1.0
        assert ("soft_limit_bytes", labels) not in found  # null is no limit, and no limit is not 0


async def test_the_one_quota_of_another_cluster(world: World, recorded: Recorded) -> None:
    listed = b'{"quotas": ' + recorded(CSM + "client2-quotas.json") + b', "resume": null}'
    reading = await _read(world, "quotas", _instead(QUOTAS, listed, type="directory"), quota_types=("directory",))
    labels = ("/ifs/data/csi/mock-pv3", "directory")
    assert {found for _, found in series(reading)} == {labels}
    assert series(reading)["powerscale_quota_hard_limit_bytes", labels] == 3 * 2**30


async def test_the_recorded_event_group_with_the_recorded_list(world: World, recorded: Recorded) -> None:
    groups, lists = recorded(TESTS + "eventgroup_occurrence_quota.json"), recorded(TESTS + "eventlist_snapshot_failed.json")

    def bend(number: int, question: Question, answer: Answer) -> Answer:
        chosen = {GROUPS: groups if question.query.get("resolved") == "false" else b'{"eventgroups": []}', LISTS: lists}
        body = next((body for part, body in chosen.items() if part in question.path), answer.body)
        return Answer(200, JSON, {}, body, number)

    reading = await _read(world, "events", bend)
    (event,) = reading.events
    assert (event.key, event.kind, event.severity.value) == ("724916", "QUOTA_THRESHOLD_VIOLATION", "information")
    assert event.time.timestamp() == 1_780_804_835
    # The list is about another group; what it tells is asked for by the group's number, and so comes with the group.
    assert (event.message, event.attributes["devid"]) == ("Snapshot creation failed", "6")
    assert series(reading)["powerscale_events_open", ("information",)] == 1.0


async def test_the_documented_login_opens_a_session_with_the_documented_cookies(world: World, recorded: Recorded) -> None:
    head, _, body = recorded(TESTS + "http_201_session_headers.txt").partition(b"\n\n")
    cookies = dict(
        line.split(": ", 1)[1].split(";")[0].split("=", 1) for line in head.decode().splitlines() if line.startswith("Set-Cookie")
    )
    for answer in (body, recorded(TESTS + "session_201.json")):
        session = world.session()
        session.wire.login = Answer(201, JSON, cookies, answer)
        await session.identify()
        sent = session.wire.asked[0].headers
        assert sent["Cookie"] == ("isisessid=924bb64a-cffd-4d98-9ccc-6703fabc3210; isicsrf=8c5da1e4-5508-4609-9978-4a6d283e4c3a")
        assert sent["X-CSRF-Token"] == cookies["isicsrf"]
        assert session._logins is not None
        assert session._logins._ticket is not None
        assert session._logins._ticket.renew_at == world.clock.monotonic() + 14_400 - logins.MARGIN


async def test_the_recorded_headers_of_an_ended_session_are_one_new_login_and_then_an_end(world: World, recorded: Recorded) -> None:
    status, *lines = recorded(TESTS + "http_401_headers_onefs95.txt").decode().partition("\n\n")[0].splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    assert (status, headers["Content-Type"]) == ("HTTP/1.1 401 Unauthorized", "text/html")
    session = world.session(lambda *_: Answer(401, headers, {}, b"<html></html>"))
    with pytest.raises(AuthenticationFailed):
        await session.identify()
    assert session.wire.logins == 2


async def test_a_statistic_of_a_dataset_is_an_unknown_key_that_costs_nothing(world: World, recorded: Recorded) -> None:
    body = recorded(TESTS + "performance_dataset_stat.json")
    reading = await _read(world, "statistics", _instead(CURRENT, body))
    assert {metric for metric, _ in series(reading) if "statistics" not in metric} == set()
    assert reading.drift["statistics/current: key"] >= 1


async def test_the_catalogue_of_2016_is_read_as_the_clusters_own(world: World, recorded: Recorded) -> None:
    body = recorded("statistics-keys-catalogue-2016.json")
    session = world.session(_instead("statistics/keys", body))
    reading = await world.collectors()["statistics"].collect(session, world.clock.now())
    asked = {key for question in session.wire.asked for key in question.query.get("keys", "").split(",")}
    assert "node.cpu.idle.avg" in asked
    assert asked - {""} <= {entry["key"] for entry in json.loads(body)["keys"]}
    assert reading.size


def test_every_recording_is_read_here_or_has_a_reason_why_not() -> None:
    folder = recordings.folder()
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    here = Path(__file__).read_text("utf-8")
    unread = {name for name in there if name.rpartition("/")[2] not in here}
    assert unread == set()
    assert set(UNREAD) <= there
