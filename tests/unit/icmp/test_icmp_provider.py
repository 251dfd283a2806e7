"""The provider's contract for addresses that are pinged."""

from __future__ import annotations

import icmplib
import pytest
from pydantic import ValidationError

from mendwatch.errors import ConfigurationError, Unsupported
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch_icmp import PROVIDER, pinger
from mendwatch_icmp.options import IcmpOptions


def test_the_provider_says_what_the_core_asks() -> None:
    assert (PROVIDER.name, PROVIDER.target_label, PROVIDER.metric_prefix) == ("icmp", "target", "icmp")
    assert not PROVIDER.needs_credential
    assert PROVIDER.options_model is IcmpOptions
    assert [collector.spec.name for collector in PROVIDER.collectors()] == ["reachability"]
    assert list(PROVIDER.streams()) == []


def test_playbooks_get_nothing() -> None:
    assert PROVIDER.playbook_environment(Target("t", "icmp", "host"), Credential("u", Secret("p"))) == {}


@pytest.mark.parametrize("address", ["", "  ", "https://host/", "host/24"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        PROVIDER.open(Target("t", "icmp", address), None)


@pytest.mark.parametrize(
    "options", [{"count": 0}, {"timeout": 0}, {"family": "ipv5"}, {"counts": 3}, {"count": 30, "timeout": 2}], ids=str
)
def test_options_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IcmpOptions.model_validate(options)


def test_every_option_is_described() -> None:
    assert all(field.description for field in IcmpOptions.model_fields.values())


def test_the_longest_round_ends_before_the_collectors_timeout() -> None:
    IcmpOptions(count=9, timeout=4.5, interval=0.5)
    assert PROVIDER.collectors()[0].spec.timeout > 45 + pinger.LOOKUP


async def test_a_machine_that_allows_no_icmp_socket_is_told_how_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bool] = []

    async def refuse(_: str, *, privileged: bool, **__: object) -> icmplib.Host:
        tried.append(privileged)
        raise icmplib.SocketPermissionError(privileged)

    monkeypatch.setattr(icmplib, "async_ping", refuse)
    with pytest.raises(Unsupported, match="unavailable") as caught:
        await pinger.ping("127.0.0.1", IcmpOptions())
    assert tried == [True, False]
    assert "CAP_NET_RAW" in caught.value.hint
    assert "ping_group_range" in caught.value.hint


async def test_an_unprivileged_socket_is_used_where_a_raw_one_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def only_unprivileged(address: str, *, count: int, privileged: bool, **_: object) -> icmplib.Host:
        if privileged:
            raise icmplib.SocketPermissionError(privileged)
        return icmplib.Host(address, count, [2.5])

    monkeypatch.setattr(icmplib, "async_ping", only_unprivileged)
    echoes = await pinger.ping("127.0.0.1", IcmpOptions(count=2))
    assert echoes == pinger.Echoes(2, (0.0025,))
