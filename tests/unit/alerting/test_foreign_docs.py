"""The page about alerts from elsewhere says what the code and Alertmanager take."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from mendwatch.alerting import foreign_messages, loading
from mendwatch.config import web_config
from mendwatch.model.rules import SOURCE_ALERTMANAGER, Verify
from mendwatch.store import receipts

PAGE = (Path(__file__).parents[3] / "docs" / "alertmanager.md").read_text("utf-8")
RULE, ALERTMANAGER, GRAFANA, WEB = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_of_a_rule_loads(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(RULE, "utf-8")

    (rule,) = loading.load([tmp_path], {}).rules

    assert (rule.source, rule.target_label, rule.key) == (SOURCE_ALERTMANAGER, "cluster", ("cluster", "path"))


def test_a_rule_may_say_how_long_its_sender_is_given(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(RULE.replace("      mode:", "      verify: {within: 20m}\n      mode:"), "utf-8")

    (compiled,) = loading.load([tmp_path], {}).compiled

    assert compiled.verify is None
    assert compiled.rule.remediate is not None
    assert compiled.rule.remediate.verify == Verify("", timedelta(minutes=20))


async def test_the_example_for_alertmanager_is_one(tmp_path: Path) -> None:
    if shutil.which("amtool") is None:
        line = "amtool is not installed (Debian: apt install prometheus-alertmanager)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER.replace("/etc/alertmanager", str(tmp_path)), "utf-8")
    for name in ("mendwatch.token", "mendwatch-ca.pem"):
        (tmp_path / name).touch()
    process = await asyncio.create_subprocess_exec(
        "amtool",
        "check-config",
        str(tmp_path / "alertmanager.yml"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()


def test_the_other_examples_are_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "web.yml").write_text(WEB, "utf-8")

    assert web_config.load(tmp_path / "web.yml").tls_server_config.client_auth_type == "VerifyClientCertIfGiven"
    assert yaml.safe_load(GRAFANA)["contactPoints"][0]["receivers"][0]["settings"]["url"].endswith("/webhook/grafana")


def test_the_bounds_are_those_of_the_code() -> None:
    for words in (
        f"{foreign_messages.LARGEST // 2**20} MiB",
        f"{foreign_messages.MOST_ALERTS:,} alerts",
        f"more than {foreign_messages.MOST_TEXTS} labels",
        f"at most {foreign_messages.KEPT_OF_ANNOTATION:,} characters",
        f"more than {receipts.MOST_OPEN:,} alerts are open",
    ):
        assert words in PAGE
    for result in receipts.Result:
        assert f"`{result}`" in PAGE
