"""The provider's contract: options, environment of playbooks, and what importing it costs."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch_onefs import PROVIDER
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.trust import trust

SHA256 = "ab" * 32
CREDENTIAL = Credential("remediate", Secret("kanarie"))


#: Every aspect that is read; the name is what the configuration calls it.
COLLECTORS = (
    "auth_providers capacity certificates clients_summary cloud_pools cluster data_mover dedupe "
    "drives_summary events file_pools healthchecks heat_summary job_engine licences network nfs node_services nodes "
    "ntp protocols_summary quotas quotas_summary repairs s3 services smartconnect smb snapshots statistics storage_pools "
    "synciq synciq_certificates system_summary time_skew upgrade workloads_summary"
)


def _target(address: str = "cluster.example.com", **options: object) -> Target:
    return Target("c1", "onefs", address, options=options)


def test_the_provider_says_what_the_core_asks() -> None:
    assert (PROVIDER.name, PROVIDER.target_label, PROVIDER.metric_prefix) == ("onefs", "cluster", "powerscale")
    assert PROVIDER.needs_credential
    assert PROVIDER.options_model is OneFSOptions
    assert " ".join(sorted(collector.spec.name for collector in PROVIDER.collectors())) == COLLECTORS
    assert list(PROVIDER.streams()) == []


def test_playbooks_get_address_account_and_trust_from_the_environment() -> None:
    assert PROVIDER.playbook_environment(_target(ca_file="/etc/ca.pem", timeout=7.5), CREDENTIAL) == {
        "MENDWATCH_ONEFS_URL": "https://cluster.example.com:8080",
        "MENDWATCH_ONEFS_USERNAME": "remediate",
        "MENDWATCH_ONEFS_PASSWORD": "kanarie",
        "MENDWATCH_ONEFS_CA_FILE": "/etc/ca.pem",
        "MENDWATCH_ONEFS_TIMEOUT": "7.5",
    }
    pinned = PROVIDER.playbook_environment(_target(fingerprint=SHA256), CREDENTIAL)
    assert pinned["MENDWATCH_ONEFS_FINGERPRINT"] == SHA256
    assert "MENDWATCH_ONEFS_CA_FILE" not in pinned


@pytest.mark.parametrize("url", ["https://127.0.0.1:18443", "https://[::1]:18443"])
def test_the_address_of_playbooks_has_a_host_and_a_port(url: str) -> None:
    assert PROVIDER.playbook_environment(_target(url), CREDENTIAL)["MENDWATCH_ONEFS_URL"] == url


@pytest.mark.parametrize("address", ["http://cluster", "cluster/x", ""])
def test_an_address_that_cannot_be_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(ConfigurationError):
        PROVIDER.open(_target(address), CREDENTIAL)


@pytest.mark.parametrize(
    "options",
    [
        {"verify": False},
        {"ca_file": "relative.pem"},
        {"fingerprint": "ab:cd"},
        {"fingerprint": ""},
        {"ca_file": "/ca.pem", "fingerprint": SHA256},
        {"timeout": 0},
        {"timeout": 1000},
        {"concurrency": 0},
        {"addresses": ["not.an.address"]},
        {"statistics": {"groups": []}},
        {"statistics": {"groups": ["everything"]}},
        {"quota_types": ["everybody"]},
        {"quota_types": []},
    ],
    ids=str,
)
def test_an_option_that_would_weaken_or_break_something_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OneFSOptions.model_validate(options)


def test_a_fingerprint_is_taken_as_openssl_prints_it() -> None:
    assert OneFSOptions(fingerprint=":".join(["AB"] * 32)).fingerprint == SHA256


def test_the_systems_store_is_read_once_for_all_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(**_: object) -> ssl.SSLContext:
        pytest.fail("it takes 20 ms in which nobody else is served")

    monkeypatch.setattr(ssl, "create_default_context", read)
    assert trust(OneFSOptions()) is True


def test_every_option_is_described() -> None:
    assert all(field.description for field in OneFSOptions.model_fields.values())


def test_a_session_does_not_show_the_password() -> None:
    session = PROVIDER.open(_target(), CREDENTIAL)
    assert "kanarie" not in repr(session)
    assert "kanarie" not in repr(CREDENTIAL)


async def test_importing_the_provider_does_not_import_the_sdk() -> None:
    program = "import sys, mendwatch_onefs; print('isilon_sdk' in sys.modules, mendwatch_onefs.PROVIDER.name)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    output, _ = await process.communicate()
    assert output.decode().split() == ["False", "onefs"]


def test_the_recordings_are_read_in_place(recorded: Callable[[str], bytes]) -> None:
    assert recorded("README.md").startswith(b"# Recorded")
    assert not list(Path(__file__).parent.glob("*.json"))
