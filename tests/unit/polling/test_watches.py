"""Every fault of a target's stanza is found before the first packet."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from mendwatch.config import documents
from mendwatch.config.settings import TargetSettings
from mendwatch.errors import ConfigurationError
from mendwatch.polling.options import validated
from mendwatch.polling.watches import watch
from mendwatch.testing.collectors import ScriptedCollector, ScriptedOptions, ScriptedProvider

PROVIDER = ScriptedProvider([ScriptedCollector("quotas", interval=60.0), ScriptedCollector("events")])


def stanza(**more: object) -> TargetSettings:
    return TargetSettings.model_validate({"name": "one", "provider": "scripted", "address": "10.0.0.1", **more})


def test_a_bare_stanza_polls_every_collector_at_its_own_interval(tmp_path: Path) -> None:
    built = watch(stanza(), PROVIDER, tmp_path)

    assert [(probe.spec.name, probe.spec.interval) for probe in built.probes] == [("quotas", 60.0), ("events", 30.0)]
    assert built.target.options == {"timeout": 10.0, "ca_file": None}


def test_an_interval_can_be_changed(tmp_path: Path) -> None:
    built = watch(stanza(collectors={"quotas": {"interval": "5m"}}), PROVIDER, tmp_path)

    assert built.probes[0].spec.interval == 300.0


def test_an_interval_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not above zero"):
        watch(stanza(collectors={"quotas": {"interval": "0"}}), PROVIDER, tmp_path)


def test_a_collector_can_be_turned_off(tmp_path: Path) -> None:
    built = watch(stanza(collectors={"quotas": {"enabled": False}}), PROVIDER, tmp_path)

    assert [probe.spec.name for probe in built.probes] == ["events"]


def test_an_unknown_collector_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'quota'") as caught:
        watch(stanza(collectors={"quota": {}}), PROVIDER, tmp_path)

    assert caught.value.hint == "Did you mean 'quotas'?"


def test_a_target_without_the_credential_it_needs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"needs credentials\.read"):
        watch(stanza(), ScriptedProvider(needs_credential=True), tmp_path)


def test_the_secret_is_read_only_when_it_is_asked_for_and_anew_each_time(tmp_path: Path) -> None:
    built = watch(stanza(credentials={"read": {"username": "u", "password": "file:secret"}}), PROVIDER, tmp_path)
    (tmp_path / "secret").write_text("first\n")
    first = built.credential()
    (tmp_path / "secret").write_text("second\n")
    second = built.credential()

    assert first is not None
    assert second is not None
    assert (first.password.reveal(), second.password.reveal()) == ("first", "second")


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match="unknown option 'timeoutt'") as caught:
        validated(ScriptedOptions, {"timeoutt": 3}, where="target 'one': options")

    assert caught.value.hint == "did you mean 'timeout'?"


def test_an_unknown_option_is_refused_even_by_a_model_that_would_ignore_it() -> None:
    class Lax(BaseModel):
        port: int = 8080

    with pytest.raises(ConfigurationError, match="unknown option 'prot'"):
        validated(Lax, {"prot": 1}, where="options")


def test_all_faults_of_the_options_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        validated(ScriptedOptions, {"timeout": "soon", "cafile": "x"}, where="options")

    assert "unknown option 'cafile'" in str(caught.value)
    assert "timeout:" in str(caught.value)


def test_a_fault_names_file_line_and_column_where_the_document_is_given() -> None:
    text = "targets:\n- name: one\n  options:\n    timeout: soon\n"
    document = documents.parse(text, "mendwatch.yaml")

    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:4:5: timeout"):
        validated(ScriptedOptions, {"timeout": "soon"}, where="x", document=document, base=("targets", 0, "options"))
