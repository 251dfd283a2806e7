"""Writes docs/reference/rules.md from the shipped rules and remediations: what is watched, how bad it is, and what may be done.

usage: python tools/rules_reference.py          (rewrites the file)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from mendwatch.alerting import loading, schemas
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Rule
from mendwatch.polling import providers
from mendwatch.remediation import catalogue
from mendwatch.service import library

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "reference" / "rules.md"

HEADER = """\
# Rules and remediations

Written by `make golden` from the shipped files; do not edit. Each rule's name leads to the page that says what to do, each
remediation's to what it does and how to undo it. What a rule may do by itself is its mode: `observe` only records what would be
done, `approve` asks a person first.
"""


def render() -> str:
    """Give the whole page."""
    known = schemas.of_providers(providers.discover(library.installed()).values())
    found = catalogue.load([ROOT / "remediations"])
    rules = sorted(loading.load([ROOT / "rules"], known, found).rules, key=lambda rule: (rule.path, rule.line))
    return "\n".join([HEADER, *_rules(rules), *_remediations(found, rules)])


def _rules(rules: Iterable[Rule]) -> Iterator[str]:
    for group, members in groupby(rules, key=lambda rule: rule.group):
        yield f"## {group}\n"
        yield "| alert | severity | fires when | after | remediation |"
        yield "| --- | --- | --- | --- | --- |"
        for rule in members:
            done = rule.remediate
            offered = f"[{done.remediation}](../remediations/{_page(done.remediation)}.md), {done.mode}" if done else ""
            link = f"[{rule.alert}](../runbooks/{rule.alert}.md)"
            hold = f"{rule.hold.total_seconds() / 60:g} min" if rule.hold else "at once"
            yield f"| {link} | {rule.labels.get('severity', '')} | `{rule.on}`: `{_cell(rule.when)}` | {hold} | {offered} |"
        yield ""


def _remediations(found: Mapping[str, Remediation], rules: Iterable[Rule]) -> Iterator[str]:
    wanted: dict[str, list[str]] = {}
    for rule in rules:
        if rule.remediate is not None:
            wanted.setdefault(rule.remediate.remediation, []).append(rule.alert)
    yield "## Remediations\n"
    yield "| remediation | what it does | risk | can be taken back | asked for by |"
    yield "| --- | --- | --- | --- | --- |"
    for name, remediation in sorted(found.items()):
        back = "yes" if remediation.reversible else "no"
        asked = ", ".join(wanted.get(name, [])) or "people"
        yield f"| [{name}](../remediations/{_page(name)}.md) | {remediation.title} | {remediation.risk} | {back} | {asked} |"
    yield ""


def _page(name: str) -> str:
    return name.rpartition("/")[2]


def _cell(text: str) -> str:
    """Keep a condition on one line, and from ending a cell."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(render(), "utf-8")
    print(f"wrote {FILE.name}")
