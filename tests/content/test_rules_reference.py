"""The page of rules and remediations is the one that the shipped files give, and leads somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "reference" / "rules.md"


def test_the_page_is_what_the_shipped_files_give() -> None:
    spec = importlib.util.spec_from_file_location("rules_reference", ROOT / "tools" / "rules_reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    assert FILE.read_text("utf-8") == tool.render(), "renew it: make golden"


def test_every_rule_and_remediation_leads_to_its_page() -> None:
    links = re.findall(r"\]\((\.\./[^)]+)\)", FILE.read_text("utf-8"))

    assert len(links) > 100
    assert [link for link in links if not (FILE.parent / link).is_file()] == []
