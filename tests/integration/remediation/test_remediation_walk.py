"""The walk of one run on real parts: SQLite, ansible-playbook in a worker process, and a decision from another connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest_asyncio

from mendwatch.clock import SystemClock
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.notices import Notice
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.proposals import Proposal, Verdict
from mendwatch.model.rules import SOURCE_SAMPLES, Mode, NoData, Remediate, Rule, Verify
from mendwatch.model.runs import Run, RunState
from mendwatch.model.samples import Event, Severity
from mendwatch.model.targets import Target
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.remediation import catalogue
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.remediation.parts import Parts
from mendwatch.store import sql
from mendwatch.store.interface import Store

KEY = bytes(range(32))
CLOCK = SystemClock()
ANN = Principal("ann", "cli", frozenset({Permission.READ, Permission.DECIDE}))
REMEDIATION = """
title: Write a word into a file
description: Only for this test.
risk: low
reversible: true
idempotent: true
parameters:
  type: object
  additionalProperties: false
  required: [file, word]
  properties: {file: {type: string}, word: {type: string}, former: {type: string}}
preconditions: [the folder is there]
verification: the file is read
rollback: none
examples: [{file: /tmp/x, word: y}]
resolve: {playbook: resolve.yaml, kind: WRONG_WORD, equal: {path: file}}
"""
PLAYBOOK = """
- name: Write
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write the word
      ansible.builtin.copy: {content: "{{ word }}", dest: "{{ file }}", mode: "0600"}
    - name: Tell the outcome
      ansible.builtin.set_stats:
        data: {outcome: "{{ 'planned' if ansible_check_mode else 'applied' }}", bind: {former: unknown}}
"""
RESOLVE = """
- name: Resolve
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Note the key
      ansible.builtin.copy: {content: "{{ event_key }}", dest: "{{ file }}.settled", mode: "0600"}
    - name: Tell the outcome
      ansible.builtin.set_stats: {data: {outcome: resolved}}
"""
HOSTILE = "{{ lookup('pipe', 'touch pwned') }}"


@dataclass
class Judge:
    """Measures by reading the file."""

    file: Path

    def held(self, rule: Rule, fingerprint: str) -> str:
        del rule, fingerprint
        return ""

    async def still_firing(self, rule: Rule, fingerprint: str) -> Verdict:
        return replace(await self.verify(rule, fingerprint, CLOCK.now()), holds=not self._right())

    async def verify(self, rule: Rule, fingerprint: str, since: datetime) -> Verdict:
        del rule, fingerprint, since
        return Verdict(self._right(), "the file was read", {})

    async def open_events(self, target: str, kind: str) -> Sequence[Event] | None:
        event = Event("e-7", kind, target, "", Severity.WARNING, active=True, time=CLOCK.now(), attributes={"path": str(self.file)})
        return [event]

    def _right(self) -> bool:
        return self.file.exists() and self.file.read_text("utf-8") == HOSTILE


class Access:
    def target(self, target_id: str) -> Target:
        return Target(target_id, "box", "local")

    def has(self, target: Target, tier: str) -> bool:
        return bool(target and tier)

    def environment(self, target: Target, tier: str) -> Mapping[str, str] | None:
        return {"BOX_TARGET": target.id, "BOX_PASSWORD": f"secret of {tier}"}


@dataclass
class Agent:
    """An engine that works, and what it told."""

    engine: RemediationEngine
    store: Store
    file: Path
    notices: list[Notice]

    async def ended(self, run: Run) -> Run:
        """Wait until the run is over."""
        async with asyncio.timeout(30):
            while True:
                found = await self.store.runs.get(run.id)
                if found.terminal and (found.state is not RunState.VERIFIED or found.events_resolved is not None):
                    return found
                await asyncio.sleep(0.05)


def _rule(mode: Mode) -> Rule:
    stanza = Remediate("box/word", {}, mode, verify=Verify("right", timedelta(seconds=5)))
    durations = {"hold": timedelta(0), "keep_firing_for": timedelta(0), "stale_after": None}
    words = {"alert": "WrongWord", "group": "g", "on": "file", "when": "wrong", "clear": None, "source": SOURCE_SAMPLES}
    empty = {"match": (), "inhibited_by": (), "labels": {}, "annotations": {}}
    return Rule(**words, **durations, **empty, key=("box",), no_data=NoData.KEEP, remediate=stanza, digest="d")  # type: ignore[arg-type]


def _proposal(rule: Rule, file: Path) -> Proposal:
    key = {"box": "one"}
    alert = Alert("fp", "WrongWord", "one", key, key, AlertState.FIRING, CLOCK.now(), {}, {}, fired_at=CLOCK.now())
    return Proposal(rule, alert, {"file": str(file), "word": HOSTILE})


def _found(folder: Path, name: str) -> list[Path]:
    return list(folder.rglob(name))


@pytest_asyncio.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    folder = tmp_path / "remediations/box/word"
    folder.mkdir(parents=True)
    for name, text in (("remediation.yaml", REMEDIATION), ("playbook.yaml", PLAYBOOK), ("resolve.yaml", RESOLVE)):
        (folder / name).write_text(text, "utf-8")
    loaded = catalogue.load([tmp_path / "remediations"])
    loaded.raise_faults()
    file, notices, rule = tmp_path / "word", list[Notice](), _rule(Mode.APPROVE)
    store = await sql.open_store(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", key=KEY, clock=CLOCK)
    executor = LocalExecutor(tmp_path / "runs", CLOCK)
    parts = Parts(store, executor, loaded, {"WrongWord": rule}.get, Judge(file), Access(), CLOCK, notices.append)
    engine = RemediationEngine(parts)
    work = asyncio.create_task(engine.run())
    yield Agent(engine, store, file, notices)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await executor.close()
    await store.close()


async def test_a_decision_from_another_process_is_carried_to_a_verified_end(agent: Agent, tmp_path: Path) -> None:
    run = await agent.engine.offer(_proposal(_rule(Mode.APPROVE), agent.file))
    assert run is not None
    assert run.state is RunState.PENDING, run.note
    assert not agent.file.exists()
    other = await sql.open_store(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", key=KEY, clock=CLOCK)
    await other.runs.decide(run.id, plan_hash=run.plan_hash, verdict="approve", principal=ANN, reason="")
    await other.close()

    run = await agent.ended(run)

    assert run.state is RunState.VERIFIED, run.note
    assert agent.file.read_text("utf-8") == HOSTILE
    assert (tmp_path / "word.settled").read_text("utf-8") == "e-7"
    assert run.events_resolved == ("e-7",)
    assert _found(tmp_path, "pwned") == []
    assert (await agent.store.audit.verify()).fault is None
    assert "Write the word" in {notice.facts.get("task") for notice in agent.notices if notice.kind == "run.task"}
