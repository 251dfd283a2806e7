"""The configuration file: defaults, faults with positions, secrets by reference."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mendwatch.config import loading, secrets
from mendwatch.config.durations import format_duration, parse_duration
from mendwatch.config.settings import Settings
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Secret


def written(folder: Path, text: str) -> Path:
    path = folder / "mendwatch.yaml"
    path.write_text(text, "utf-8")
    return path


def test_an_empty_file_is_an_agent_that_watches_nothing(tmp_path: Path) -> None:
    settings = loading.load(written(tmp_path, ""))

    assert settings.targets == []
    assert settings.listen == "127.0.0.1:9732"


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_known_key(tmp_path: Path) -> None:
    path = written(tmp_path, "listen: 127.0.0.1:1\ntargets:\n- name: a\n  provider: onefs\n  adress: b\n")

    with pytest.raises(ConfigurationError) as caught:
        loading.load(path)

    assert str(caught.value) == f"{path}:5:3: unknown key 'adress' (did you mean 'address'?)"
    assert [fault.hint for fault in caught.value.faults] == [caught.value.hint]


def test_a_fault_names_its_place_as_people_write_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:2:3: targets\[0\]\.address: is missing"):
        loading.load(written(tmp_path, "targets:\n- {name: a, provider: x}\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "expected a mapping of settings"),
        ("log_format: xml\n", "log_format: expected 'text' or 'json'"),
        ("targets: 7\n", "targets: expected a list"),
        ("runs: {enabled: maybe, concurrent: 9}\n", "runs.enabled: expected true or false"),
        ("runs: {concurrent: 9}\n", "runs.concurrent: expected at most 4"),
        ("targets: [{name: a b, provider: x, address: y}]\n", "targets[0].name: expected text of the form"),
    ],
)
def test_a_wrong_value_is_told_in_the_words_of_the_project(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loading.load(written(tmp_path, text))

    assert said in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x:Canary9@h/b", "sqlite://", "sqlite:///:memory:", "state.db", ""])
def test_a_state_that_is_no_database_is_refused_with_its_place(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:2:1: state: the state is a SQLite file or a Postgre") as caught:
        loading.load(written(tmp_path, f"listen: 127.0.0.1:1\nstate: '{url}'\n"))

    assert "Canary9" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://a:Canary9@h/b", "postgresql://a:x@Canary9@h/b", "postgresql://a@h/b?password=Canary9"]
)
def test_a_password_in_the_url_of_the_state_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="holds a password") as caught:
        loading.load(written(tmp_path, f"state: '{url}'\n"))

    assert "state_password" in caught.value.hint
    assert "Canary9" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///state.db",
        "sqlite+aiosqlite:////var/lib/mendwatch/state.db?timeout=1",
        "postgresql://mendwatch@db.example.com:5433/mendwatch?sslmode=verify-full",
        "postgresql://mendwatch@/mendwatch?host=/run/postgresql",
    ],
)
def test_a_state_in_a_file_or_on_a_server_is_taken(tmp_path: Path, url: str) -> None:
    assert loading.load(written(tmp_path, f"state: {url}\n")).state_url == url


def test_the_password_of_the_state_is_shown_nowhere(tmp_path: Path) -> None:
    assert "Canary9" not in repr(loading.load(written(tmp_path, "state_password: Canary9\n")))


def test_a_mistyped_key_below_a_mapping_of_collectors_is_recognised(tmp_path: Path) -> None:
    path = written(tmp_path, "targets:\n- {name: a, provider: x, address: b, collectors: {quotas: {intervall: 5s}}}\n")

    with pytest.raises(ConfigurationError, match=r"unknown key 'intervall' .did you mean 'interval'"):
        loading.load(path)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "listen: nonsense\nlog_format: xml\nruns: {concurrent: 9}\n")

    with pytest.raises(ConfigurationError) as caught:
        loading.load(path)

    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["1", "2", "3"]


def test_a_key_that_is_written_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r":2:1: not YAML: the key 'listen' is written twice"):
        loading.load(written(tmp_path, "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n"))


def test_text_that_is_not_yaml_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:3:1: not YAML"):
        loading.load(written(tmp_path, "targets:\n  - [\n"))


def test_a_list_where_settings_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        loading.load(written(tmp_path, "- a\n- b\n"))


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    stanza = "- {name: a, provider: icmp, address: '127.0.0.1'}\n"

    with pytest.raises(ConfigurationError, match="two targets have the name 'a'"):
        loading.load(written(tmp_path, f"targets:\n{stanza}{stanza}"))


def test_relative_paths_start_at_the_files_own_folder(tmp_path: Path) -> None:
    settings = loading.load(written(tmp_path, "state_dir: state\nrules: [mine]\nruns: {directory: work}\n"))

    assert settings.state_dir == tmp_path / "state"
    assert settings.rules == [tmp_path / "mine"]
    assert settings.run_directory == tmp_path / "work"


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no configuration file at"):
        loading.find(tmp_path / "absent.yaml")


def test_a_folder_is_no_configuration_file_and_no_other_is_taken_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mendwatch.yaml").mkdir()
    monkeypatch.chdir(tmp_path)

    for named in (tmp_path / "mendwatch.yaml", None):
        with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml cannot be read"):
            loading.find(named)


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n", "utf-8")

    assert secrets.resolve("file:password", tmp_path) == Secret("s3cret")


def test_a_secret_file_may_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "password").write_text("s3cret\n", "utf-8")

    assert secrets.resolve("file:~/password", tmp_path / "elsewhere") == Secret("s3cret")


def test_a_home_folder_of_nobody_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="~nobody-here/password cannot be read"):
        secrets.resolve("file:~nobody-here/password", tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"), [("file:a", True), ("${PW}", True), ("vault:a#b", True), ("s3cret", False), ("$PW", False), ("", False)]
)
def test_a_reference_is_told_from_a_secret(text: str, expected: bool) -> None:  # noqa: FBT001 - a table of truth values
    assert secrets.is_reference(text) is expected


def test_a_secret_is_read_from_the_environment(tmp_path: Path) -> None:
    assert secrets.resolve("${PW}", tmp_path, {"PW": "s3cret"}).reveal() == "s3cret"


@pytest.mark.parametrize("reference", ["file:absent", "${ABSENT}", "vault:secrets.yml#a"])
def test_a_reference_that_leads_nowhere_is_a_configuration_error(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ConfigurationError):
        secrets.resolve(reference, tmp_path, {})


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("s3cret")

    assert "s3cret" not in f"{secret} {secret!r} {[secret]}"


def test_settings_never_show_a_password(tmp_path: Path) -> None:
    text = "targets:\n- {name: a, provider: onefs, address: b, credentials: {read: {username: u, password: s3cret}}}\n"

    assert "s3cret" not in repr(loading.load(written(tmp_path, text)))


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("500ms", 0.5), ("0", 0), ("1w", 604800)]
)
def test_durations_are_read_as_prometheus_writes_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["5", 7, "", "m", "5 m", "-5m", "5m5", "1.5h", None, ["15s"], {"5m": 1}, False, True, 0.0])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["101y", "99999999999y", f"{'9' * 400}s", f"{'9' * 5000}s"], ids=["101y", "long", "longer", "longest"]
)
def test_a_duration_that_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longest duration"):
        parse_duration(text)


def test_a_list_in_place_of_a_duration_is_a_fault_with_its_place(tmp_path: Path) -> None:
    path = written(
        tmp_path, "targets:\n- name: a\n  provider: x\n  address: b\n  collectors:\n    quotas:\n      interval: [15s]\n"
    )

    with pytest.raises(ConfigurationError, match=r"mendwatch\.yaml:7:7: .*is no duration"):
        loading.load(path)


@pytest.mark.parametrize("text", ["30s", "5m", "1h30m", "2d", "500ms", "1d1h1m1s1ms"])
def test_a_duration_is_written_as_it_was_read(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


def test_every_setting_says_what_it_is_for() -> None:
    silent = [
        f"{model.__name__}.{name}"
        for model in _models(Settings)
        for name, field in model.model_fields.items()
        if not field.description
    ]

    assert silent == []


def _models(model: type) -> list[type]:
    from pydantic import BaseModel  # noqa: PLC0415 - only this helper walks models

    found = [model]
    for field in model.model_fields.values():  # type: ignore[attr-defined]
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found += _models(inner)
    return found
