"""The provider's contract for addresses that are asked, and its options."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch_icmp import PROVIDER
from mendwatch_icmp.addresses import Endpoint, endpoints_of
from mendwatch_icmp.names import LOOKUP
from mendwatch_icmp.options import LONGEST_ROUND, IcmpOptions


def test_the_provider_says_what_the_core_asks() -> None:
    assert (PROVIDER.name, PROVIDER.target_label, PROVIDER.metric_prefix) == ("icmp", "target", "icmp")
    assert not PROVIDER.needs_credential
    assert PROVIDER.options_model is IcmpOptions
    assert [collector.spec.name for collector in PROVIDER.collectors()] == ["reachability", "tcp", "tls"]
    assert list(PROVIDER.streams()) == []


def test_playbooks_get_nothing() -> None:
    assert PROVIDER.playbook_environment(Target("t", "icmp", "host"), Credential("u", Secret("p"))) == {}


@pytest.mark.parametrize("address", ["", "  ", "https://host/", "host/24", "a,b", "a b", "user@host", "x" * 300])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        PROVIDER.open(Target("t", "icmp", address), None)
    with pytest.raises(ValidationError):
        IcmpOptions.model_validate({"addresses": [address]})


@pytest.mark.parametrize(
    "options",
    [
        {"count": 0},
        {"timeout": 0},
        {"family": "ipv5"},
        {"counts": 3},
        {"count": 100, "interval": 1},
        {"rate": 1, "addresses": [f"10.0.0.{n}" for n in range(50)]},
        {"addresses": [{"address": "10.0.0.1", "names": "x"}]},
        {"addresses": ["10.0.0.1", {"name": "node-1", "address": "10.0.0.1"}]},
        {"tcp": [0]},
        {"tls": [65536]},
        {"tcp": [80, 80]},
        {"tcp": [80], "connections": 1, "connect_timeout": 30, "addresses": ["10.0.0.1"]},
    ],
    ids=str,
)
def test_options_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IcmpOptions.model_validate(options)


def test_every_option_is_described() -> None:
    assert all(field.description for field in IcmpOptions.model_fields.values())


def test_the_longest_poll_ends_before_its_collectors_timeout() -> None:
    IcmpOptions(count=9, timeout=4.5, interval=4.5)
    assert {collector.spec.timeout > LONGEST_ROUND + LOOKUP for collector in PROVIDER.collectors()} == {True}


def test_five_thousand_addresses_may_be_given_in_both_spellings_and_fit_the_budget() -> None:
    listed = [
        f"10.0.{n >> 8}.{n & 255}" if n % 2 else {"name": f"node-{n}", "address": f"10.0.{n >> 8}.{n & 255}"} for n in range(5000)
    ]
    options = IcmpOptions.model_validate({"addresses": listed})
    again = IcmpOptions.model_validate(options.model_dump())
    assert again == options
    assert [one.name for one in endpoints_of("10.0.0.0", options.addresses)[:3]] == ["node-0", "10.0.0.1", "node-2"]
    reachability, *_ = PROVIDER.collectors()
    assert reachability.spec.budget >= 5000 * len(reachability.spec.metrics)


def test_a_targets_own_address_comes_first_and_once() -> None:
    listed = IcmpOptions.model_validate({"addresses": ["b", {"name": "front", "address": "a"}]}).addresses
    assert endpoints_of("a", listed) == (Endpoint("a", "front"), Endpoint("b", "b"))
    assert endpoints_of("c", listed)[0] == Endpoint("c", "c")
