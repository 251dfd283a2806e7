"""What every module of the collection does with arguments and with lists that come in pages."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from remediation_rig import PASSWORD, WRITER, RemediationRig, remediation_rig
from remediation_worlds import WORLDS

from mendwatch import content
from mendwatch.playbooks.interface import Phase
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.snapshots.snapshot import Snapshot

PLUGINS = "ansible_collections.mendwatch.onefs.plugins"
MODULES = sorted(
    path.stem for path in (content.folder("remediations") / "ansible_collections/mendwatch/onefs/plugins/modules").glob("*.py")
)
DAY = 86_400


def world(name: str) -> Any:  # noqa: ANN401 - a World
    return next(world for world in WORLDS if world.remediation == name)


@pytest.fixture
def collection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(content.folder("remediations")))
    yield
    for name in [name for name in sys.modules if name.startswith("ansible_collections")]:
        del sys.modules[name]


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{PLUGINS}.{name}")


def lent(rig: RemediationRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the process the cluster's environment, as a playbook's has it."""
    given = {"URL": rig.sim.url, "USERNAME": WRITER, "PASSWORD": PASSWORD, "CA_FILE": str(rig.sim.ca_file)}
    for name, value in given.items():
        monkeypatch.setenv(f"MENDWATCH_ONEFS_{name}", value)


async def run(name: str, given: dict[str, Any], expected: object = None, *, check_mode: bool = False) -> dict[str, Any]:
    """Run a module's thing without Ansible, in a thread, because the cluster runs in this loop."""
    change, thing = module("module_utils.change"), module(f"modules.{name}").make(given)
    seen = thing.planned(expected) if expected else thing
    found: dict[str, Any] = await asyncio.to_thread(change.run, seen, expected, check_mode=check_mode)
    return found


@pytest.mark.long
@pytest.mark.usefixtures("collection")
async def test_an_argument_that_a_module_does_not_have_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    tasks: list[dict[str, object]] = []
    for name in MODULES:
        (example,) = yaml.safe_load(module(f"modules.{name}").EXAMPLES)[:1]
        given = {**example[f"mendwatch.onefs.{name}"], "anything": 1}
        tasks.append({f"mendwatch.onefs.{name}": given, "register": f"said_{name}", "ignore_errors": True})
    told = {name: f"{{{{ said_{name}.msg }}}}" for name in MODULES}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, {"ansible.builtin.set_stats": {"data": told}}]}
    async with remediation_rig(world("dns_cache_flush"), tmp_path) as rig:
        playbook = rig.folder / "unknown.yaml"
        playbook.write_text(yaml.safe_dump([play]), "utf-8")

        result = await rig.play(Phase.APPLY, WRITER, {}, playbook)

        assert [name for name in MODULES if "Unsupported parameters" not in str(result.outcome.get(name))] == []
        assert rig.sim.requests == []


@pytest.mark.usefixtures("collection")
async def test_expired_snapshots_are_found_on_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with remediation_rig(world("snapshot_delete_expired"), tmp_path) as rig:
        lent(rig, monkeypatch)
        monkeypatch.setattr(module("module_utils.papi"), "PAGE", 7)
        now = rig.sim.cluster.epoch(rig.sim.cluster.elapsed)
        rig.sim.cluster.snapshots.add(Snapshot(0, "the oldest of all", "/ifs/x", now - 99 * DAY, now - 98 * DAY))

        found = await run("expired_snapshots", {"most": 2, "overdue_seconds": DAY}, check_mode=True)

        first, _ = found["before"]["snapshots"]
        assert first["name"] == "the oldest of all"
        asked = [seen for seen in rig.sim.requests if seen.path.endswith("/snapshots")]
        assert len(asked) > 3
        assert all("limit" not in seen.query for seen in asked if "resume" in seen.query)


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("clock", [-3 * DAY, 3 * DAY])
async def test_what_has_expired_is_judged_by_the_slowest_clock_of_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: int
) -> None:
    async with remediation_rig(world("snapshot_delete_expired"), tmp_path) as rig:
        lent(rig, monkeypatch)
        rig.sim.cluster.conditions.put(2, Condition(clock=clock))
        before = await run("expired_snapshots", {"most": 100, "overdue_seconds": 7 * DAY}, check_mode=True)

        assert len(before["before"]["snapshots"]) == (0 if clock < 0 else 3)


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("given", [{"most": 0}, {"most": 101}, {"overdue_seconds": -1}])
async def test_a_number_of_snapshots_out_of_bounds_is_refused(given: dict[str, int]) -> None:
    change, expired = module("module_utils.change"), module("modules.expired_snapshots")

    with pytest.raises(change.Unmet):
        expired.make({"most": 20, "overdue_seconds": 0, **given})


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(
    "expected",
    [{"snapshots": None}, {"snapshots": [{}]}, {"snapshots": [{"id": "1/../2"}]}, {"other": 1}],
)
async def test_a_list_of_snapshots_that_no_plan_made_is_refused(expected: dict[str, object]) -> None:
    change, expired = module("module_utils.change"), module("modules.expired_snapshots")

    with pytest.raises(change.Unmet):
        expired.make({"most": 20, "overdue_seconds": 0}).planned(expected)


@pytest.mark.usefixtures("collection")
async def test_snapshots_that_somebody_else_deleted_meanwhile_are_none_of_our_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with remediation_rig(world("snapshot_delete_expired"), tmp_path) as rig:
        lent(rig, monkeypatch)
        given = {"most": 20, "overdue_seconds": DAY}
        plan = await run("expired_snapshots", given, check_mode=True)
        path = f"/platform/1/snapshot/snapshots/{plan['before']['snapshots'][0]['id']}"
        rig.sim.faults.add(Fault("status", path=path, method="DELETE", status=404))

        apply = await run("expired_snapshots", given, plan["before"])

        assert apply["attempted"]
        assert not apply.get("failed")


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("kind", ["FlexProtect", "FlexProtectLin"])
async def test_a_job_that_repairs_data_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    async with remediation_rig(world("job_resume"), tmp_path) as rig:
        lent(rig, monkeypatch)
        jobs = rig.sim.cluster.operations.jobs
        job = jobs.move(jobs.add(kind, rig.sim.cluster.elapsed).id, "paused_user", rig.sim.cluster.elapsed)

        found = await run("job_state", {"id": str(job.id), "type": kind, "state": "running"})

        assert found["outcome"] == "precondition_failed"
        assert "repairs data" in found["msg"]
        assert rig.writes() == []


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(
    ("state", "kind", "why"),
    [
        ("paused_system", "MediaScan", "no person paused it"),
        ("paused_priority", "MediaScan", "no person paused it"),
        ("paused_user", "SmartPools", "not SmartPools"),
        ("cancelled_user", "MediaScan", "no person paused it"),
    ],
)
async def test_a_job_is_resumed_only_if_a_person_paused_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, kind: str, why: str
) -> None:
    async with remediation_rig(world("job_resume"), tmp_path) as rig:
        lent(rig, monkeypatch)
        number = rig.variables["job_id"]
        rig.sim.cluster.operations.jobs.move(int(str(number)), state, rig.sim.cluster.elapsed)

        found = await run("job_state", {"id": number, "type": kind, "state": "running"})

        assert found["outcome"] == "precondition_failed"
        assert why in found["msg"]
        assert rig.writes() == []


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("given", ["", "1/../2", "271\n", "²", "-1", "1e2"])
async def test_what_is_no_number_of_a_job_is_refused(given: str) -> None:
    with pytest.raises(module("module_utils.change").Unmet, match="not the number"):
        module("modules.job_state").make({"id": given, "type": "MediaScan", "state": "running"})


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(
    ("deed", "why"),
    [
        (lambda sim: sim.cluster.syncs.serve("paused", 0), "off or paused"),
        (lambda sim: sim.cluster.syncs.put(_with(sim, enabled=False)), "is disabled"),
        (lambda sim: sim.cluster.syncs.put(_with(sim, conflicted=True)), "needs attention"),
        (lambda sim: sim.cluster.syncs.fail("projects-to-dr", "x", 10**9, conflict=True), "needs attention"),
    ],
    ids=["service", "disabled", "conflict", "attention"],
)
async def test_a_policy_is_run_only_where_it_would_run_by_itself(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Any,  # noqa: ANN401 - a function of the simulator
    why: str,
) -> None:
    async with remediation_rig(world("synciq_policy_run"), tmp_path) as rig:
        lent(rig, monkeypatch)
        deed(rig.sim)

        found = await run("sync_run", {"policy": "projects-to-dr"})

        assert found["outcome"] == "precondition_failed"
        assert why in found["msg"]
        assert rig.writes() == []


def _with(sim: Any, **more: object) -> Any:  # noqa: ANN401 - the simulator's own
    return replace(sim.cluster.syncs.get("projects-to-dr"), **more)


@pytest.mark.usefixtures("collection")
async def test_a_change_that_the_cluster_takes_and_does_not_make_is_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with remediation_rig(world("synciq_policy_run"), tmp_path) as rig:
        lent(rig, monkeypatch)
        monkeypatch.setattr(module("module_utils.change"), "PAUSE", 0)
        rig.sim.faults.add(Fault("status", path="/platform/15/sync/jobs", method="POST", status=201, body={"id": "x"}))

        found = await run("sync_run", {"policy": "projects-to-dr"})

        assert (found["changed"], found["attempted"], found["verified"]) == (True, True, False)
        assert "does not have it" in found["doubt"]


@pytest.mark.usefixtures("collection")
async def test_no_job_is_started_where_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with remediation_rig(world("snapshot_delete_job_start"), tmp_path) as rig:
        lent(rig, monkeypatch)
        rig.sim.cluster.snapshots._snapshots.clear()

        found = await run("job_start", {"type": "SnapshotDelete"})

        assert found["outcome"] == "precondition_failed"
        assert "No snapshot waits" in found["msg"]


@pytest.mark.usefixtures("collection")
async def test_a_time_server_is_not_added_twice_in_other_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with remediation_rig(world("ntp_server_add"), tmp_path) as rig:
        lent(rig, monkeypatch)
        rig.sim.cluster.operations.time_servers.add("ntp1.example.com")

        found = await run("ntp_server", {"name": "NTP1.Example.COM", "state": "present"})

        assert (found["changed"], rig.writes()) == (False, [])


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(("status", "hint"), [(401, "password"), (403, "isi auth roles"), (409, "plan anew"), (503, "Try later")])
async def test_a_refusal_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, hint: str) -> None:
    async with remediation_rig(world("snapshot_autodelete_enable"), tmp_path) as rig:
        lent(rig, monkeypatch)
        rig.sim.faults.add(Fault("status", method="PUT", status=status))

        found = await run("cluster_setting", {"setting": "snapshot_autodelete", "state": "on"})

        assert (found["outcome"], found["changed"], found["attempted"]) == ("failed", False, True)
        assert hint in found["msg"]


@pytest.mark.usefixtures("collection")
async def test_a_list_without_an_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with remediation_rig(world("synciq_policy_run"), tmp_path) as rig:
        lent(rig, monkeypatch)
        monkeypatch.setattr(module("module_utils.papi"), "MOST_PAGES", 3)
        path = "/platform/14/sync/policies"
        rig.sim.faults.add(Fault("status", path=path, times=None, status=200, body={"policies": [], "resume": "again"}))

        with pytest.raises(module("module_utils.papi").PapiError, match="does not end"):
            await run("sync_run", {"policy": "projects-to-dr"})


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_an_id_that_would_address_something_else_is_no_part_of_a_path(identifier: str) -> None:
    papi = module("module_utils.papi")

    with pytest.raises(papi.PapiError):
        papi.segment(identifier)
    assert papi.segment("a/b?c=d#e") == "a%2Fb%3Fc%3Dd%23e"
