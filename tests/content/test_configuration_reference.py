"""The table of settings in docs/configure.md is the one that the settings describe."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    spec = importlib.util.spec_from_file_location("configuration_reference", ROOT / "tools" / "configuration_reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = tool.PAGE.read_text("utf-8")

    assert written == tool.page(written), "renew it: python tools/configuration_reference.py"
