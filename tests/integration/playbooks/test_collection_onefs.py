"""The modules' session with a simulated cluster: trust, errors, timeouts; called directly, without Ansible."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from mendwatch import content
from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, EventGroup
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage

if TYPE_CHECKING:
    from conftest import Rig, Tools

PLUGINS = "ansible_collections.mendwatch.onefs.plugins"
QUOTAS = "15/quota/quotas"


@pytest.fixture
def papi(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(content.folder("remediations")))
    yield importlib.import_module(f"{PLUGINS}.module_utils.papi")
    for name in [name for name in sys.modules if name.startswith("ansible_collections")]:
        del sys.modules[name]


async def asked(rig: Rig, papi: ModuleType, **more: str) -> dict[str, object]:
    """Ask once, in a thread, because the cluster runs in this loop."""
    environment = rig.environment(**{f"MENDWATCH_ONEFS_{name}": value for name, value in more.items()})

    def ask() -> dict[str, object]:
        with papi.Papi(papi.Connection.from_environment(environment)) as api:
            found: dict[str, object] = api.get(QUOTAS, type="directory")
            return found

    return await asyncio.to_thread(ask)


async def test_a_ca_file_is_enough_to_trust(rig: Rig, papi: ModuleType) -> None:
    assert (await asked(rig, papi))["quotas"]


@pytest.mark.parametrize("written", [str, str.upper, lambda pin: ":".join(pin[i : i + 2] for i in range(0, 64, 2))])
async def test_a_pinned_fingerprint_is_enough_to_trust(rig: Rig, papi: ModuleType, written: type[str]) -> None:
    assert (await asked(rig, papi, CA_FILE="", FINGERPRINT=written(rig.sim.fingerprint)))["quotas"]


async def test_another_fingerprint_is_refused_before_anything_is_sent(rig: Rig, papi: ModuleType) -> None:
    with pytest.raises(papi.PapiError, match="not the pinned one"):
        await asked(rig, papi, FINGERPRINT="0" * 64)
    assert rig.sim.requests == []


async def test_an_unknown_authority_is_refused_before_anything_is_sent(rig: Rig, papi: ModuleType) -> None:
    with pytest.raises(papi.PapiError, match="CERTIFICATE_VERIFY_FAILED"):
        await asked(rig, papi, CA_FILE="")
    assert rig.sim.requests == []


async def test_a_missing_ca_file_is_told(rig: Rig, papi: ModuleType) -> None:
    with pytest.raises(papi.PapiError, match="CA file"):
        await asked(rig, papi, CA_FILE="/no/such/file")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("html_401"), "401: no message"),
        (Fault("bare_array"), "403: Access denied"),
        (Fault("truncated_body"), "no answer"),
        (Fault("garbage"), "not JSON"),
        (Fault("close"), "no answer"),
        (Fault("status", status=503, body="<html>" + "x" * 5000), "503: no message"),
        (Fault("status", status=500, body={"errors": [{"code": "AEC_X", "message": "m" * 5000}]}), "500: m"),
        (Fault("status", status=200, body=["a list"]), "not an object"),
        (Fault("status", status=302, headers={"Location": "https://elsewhere.example"}), "302"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
async def test_every_bad_answer_is_one_short_sentence(rig: Rig, papi: ModuleType, fault: Fault, says: str) -> None:
    rig.sim.faults.add(fault)

    with pytest.raises(papi.PapiError, match=says) as caught:
        await asked(rig, papi)

    assert len(str(caught.value)) < 400
    assert rig.sim.accounts["remediate"] not in str(caught.value)


async def test_it_logs_out_also_after_an_error(rig: Rig, papi: ModuleType) -> None:
    rig.sim.faults.add(Fault("status", status=500))

    with pytest.raises(papi.PapiError):
        await asked(rig, papi)

    assert [seen.method for seen in rig.sim.requests if seen.path.startswith("/session")] == ["POST", "DELETE"]


@pytest.mark.parametrize("missing", ["URL", "USERNAME", "PASSWORD"])
def test_what_the_environment_lacks_is_named(papi: ModuleType, missing: str) -> None:
    given = {"MENDWATCH_ONEFS_URL": "https://h:1", "MENDWATCH_ONEFS_USERNAME": "u", "MENDWATCH_ONEFS_PASSWORD": "p"}
    del given[f"MENDWATCH_ONEFS_{missing}"]

    with pytest.raises(papi.PapiError, match=missing):
        papi.Connection.from_environment(given)


@pytest.mark.parametrize("timeout", ["soon", "0", "-1", "nan", "inf", "3600"])
def test_a_timeout_that_is_none_is_named(papi: ModuleType, timeout: str) -> None:
    given = {"MENDWATCH_ONEFS_URL": "https://h:1", "MENDWATCH_ONEFS_USERNAME": "u", "MENDWATCH_ONEFS_PASSWORD": "p"}

    with pytest.raises(papi.PapiError, match="TIMEOUT"):
        papi.Connection.from_environment({**given, "MENDWATCH_ONEFS_TIMEOUT": timeout})


def test_an_address_without_tls_is_refused(papi: ModuleType) -> None:
    given = {"MENDWATCH_ONEFS_URL": "http://h:1", "MENDWATCH_ONEFS_USERNAME": "u", "MENDWATCH_ONEFS_PASSWORD": "p"}

    with pytest.raises(papi.PapiError, match="https"):
        papi.Connection.from_environment(given)
    assert "'p'" not in repr(papi.Connection("https://h", "u", "p"))


@pytest.mark.parametrize("identifier", ["", ".", "..", "a/b", "1?x=y", "%2e", " 1"])
async def test_an_id_that_would_address_something_else_is_refused(rig: Rig, papi: ModuleType, identifier: str) -> None:
    module = importlib.import_module(f"{PLUGINS}.modules.event_group")
    rig.sim.cluster.events.open(EventGroup("", 0, QUOTA_THRESHOLD, "warning", "95 %", 1, 1, 1))

    with pytest.raises(papi.PapiError, match="not the id"):
        await asyncio.to_thread(module.run, identifier, check_mode=False)
    assert rig.sim.requests == []


@pytest.fixture
def quota_limit(rig: Rig, papi: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give the module that sets limits, with the cluster in its environment."""
    del papi  # has made the collection importable
    for name, value in rig.environment().items():
        monkeypatch.setenv(name, value)
    return importlib.import_module(f"{PLUGINS}.modules.quota_limit")


@pytest.mark.parametrize("enforced", [True, False])
async def test_two_quotas_at_one_path_are_refused_and_neither_is_changed(
    rig: Rig, tools: Tools, quota_limit: ModuleType, *, enforced: bool
) -> None:
    limits = Limits(hard=2 * tools.hard) if enforced else Limits()
    rig.sim.cluster.quotas.add(Quota("", "/ifs/data/room", limits, Usage(1), include_snapshots=True, enforced=enforced))
    before = rig.sim.cluster.quotas.all()

    with pytest.raises(quota_limit.Unmet, match="There are 2 directory quotas at /ifs/data/room"):
        await asyncio.to_thread(quota_limit.run, wished(quota_limit, tools.wanted), check_mode=False)

    assert rig.writes() == []
    assert [quota.limits for quota in rig.sim.cluster.quotas.all()] == [quota.limits for quota in before]


async def test_the_only_quota_at_a_path_is_changed_also_when_it_counts_snapshots(
    rig: Rig, tools: Tools, quota_limit: ModuleType
) -> None:
    only = rig.sim.cluster.quotas.directory("/ifs/data/room")
    assert only is not None
    rig.sim.cluster.quotas.put(replace(only, include_snapshots=True))

    done = await asyncio.to_thread(quota_limit.run, wished(quota_limit, tools.wanted), check_mode=False)

    assert (done["changed"], done["before_bytes"], rig.hard()) == (True, tools.hard, tools.wanted)


async def test_a_path_that_is_no_unicode_is_a_sentence_and_no_crash(rig: Rig, tools: Tools, quota_limit: ModuleType) -> None:
    path = "/ifs/\udc80"
    rig.sim.cluster.quotas.add(Quota("", path, Limits(hard=tools.hard), Usage(1)))

    with pytest.raises(quota_limit.Unmet, match="There are 0 directory quotas"):
        await asyncio.to_thread(quota_limit.run, wished(quota_limit, tools.wanted, path), check_mode=False)

    assert rig.writes() == []


def wished(module: ModuleType, hard: int, path: str = "/ifs/data/room") -> object:
    """Give the wish for a new hard limit; the cluster of these tests always has one quota at that path."""
    return module.Wish(path, "directory", hard, None, None, allow_decrease=False)


async def test_a_write_that_was_refused_is_told_with_what_is_true(
    rig: Rig, tools: Tools, papi: ModuleType, quota_limit: ModuleType
) -> None:
    rig.sim.faults.add(Fault("status", path=f"/platform/{QUOTAS}", method="PUT", status=500))

    refused = await asyncio.to_thread(quota_limit.run, wished(quota_limit, tools.wanted), check_mode=False)

    assert (refused["failed"], refused["changed"], refused["attempted"]) == (True, False, True)
    assert refused["after_bytes"] == rig.hard() == tools.hard
    assert papi.PapiError.__name__ not in str(refused["msg"])
