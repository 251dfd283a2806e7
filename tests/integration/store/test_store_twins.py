"""Whatever is asked, in whatever order: SQL and memory give the same answers, and what ended never changes."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mendwatch.errors import Refused
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.runs import ACTIVE, OPEN, TERMINAL, TRANSITIONS, Plan, Run, RunState
from mendwatch.store.interface import NewRun, RunChange, Store
from mendwatch.store.sql import open_store
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore

if TYPE_CHECKING:
    from mendwatch.store.sql import SqlStore

KEY = bytes(range(32))
PLANS = [Plan("r", "d", "t", "a", {"n": n, "s": "\ud800"}, (), {}) for n in range(2)]
WHICH = st.integers(0, 7)
Question = Callable[[Store, str], Awaitable[object]]


class Twins(RuleBasedStateMachine):
    """Asks both stores the same, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.Runner()
        self.clock = FakeClock()
        self.memory = MemoryStore(self.clock, key=KEY)
        self.sql: SqlStore = self.loop.run(open_store(f"sqlite:///{self.folder.name}/s.db", key=KEY, clock=self.clock))
        self.names: list[tuple[str, str]] = []
        self.ended: dict[str, RunState] = {}

    def ask(self, question: Question, which: int | None = None) -> str:
        """Ask both; give the answer in words, the runs' names replaced by their numbers."""
        pair = ("", "") if which is None else self.names[which % len(self.names)]
        answers = [self.loop.run(self._answer(question, store, pair[side])) for side, store in enumerate((self.sql, self.memory))]
        assert self._neutral(answers[0]) == self._neutral(answers[1])
        return answers[0]

    async def _answer(self, question: Question, store: Store, name: str) -> str:
        try:
            return repr(await question(store, name))
        except Refused as why:
            return f"{type(why).__name__}: {why} ({why.hint})"

    def _neutral(self, answer: str) -> str:
        for number, names in enumerate(self.names):
            for name in names:
                answer = answer.replace(name, f"#{number}")
        return answer

    @rule(
        problem=st.sampled_from("abcde"),
        on=st.sampled_from(["t1", "t2"]),
        proposer=st.sampled_from(["rule:x", "mcp:ann"]),
        quorum=st.integers(0, 2),
        not_proposer=st.booleans(),
        risk=st.sampled_from(["low", "high"]),
    )
    def propose(self, problem: str, on: str, proposer: str, quorum: int, not_proposer: bool, risk: str) -> None:  # noqa: FBT001 - hypothesis gives them by name
        new = NewRun(problem, "r", "d", "f", on, "x", risk, "approve", proposer, {}, {"v": (1, 2)}, quorum, not_proposer)
        runs: list[Run | None] = []

        async def question(store: Store, _: str) -> object:
            run = await store.runs.propose(new)
            runs.append(run)
            return None if run is None else run.state

        self.ask(question)
        if runs and runs[0] is not None and runs[1] is not None:
            self.names.append((runs[0].id, runs[1].id))
            self.ask(lambda store, name: store.runs.get(name), -1)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, to=st.sampled_from(RunState), plan=st.sampled_from([None, *PLANS]), expects=st.sampled_from([None, 0, 1, 2]))
    def change_wildly(self, which: int, to: RunState, plan: Plan | None, expects: int | None) -> None:
        change = RunChange(
            to=to, actor="agent:x", plan=plan, expect_version=expects, expect_fence=expects, outcome={"o": [expects]}
        )
        self.ask(lambda store, name: store.runs.change(name, change), which)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, choice=st.integers(0, 20), fence=st.booleans(), minutes=st.sampled_from([None, 1, 30]))
    def change_as_allowed(self, which: int, choice: int, fence: bool, minutes: int | None) -> None:  # noqa: FBT001 - as above
        async def question(store: Store, name: str) -> object:
            run = await store.runs.get(name)
            following = sorted(TRANSITIONS[run.state]) or [RunState.FAILED]
            expires = None if minutes is None else self.clock.now() + timedelta(minutes=minutes)
            plan = PLANS[0] if run.state is RunState.PLANNING else None
            to = following[choice % len(following)]
            return await store.runs.change(name, RunChange(to=to, actor="agent:y", plan=plan, expires_at=expires, new_fence=fence))

        self.ask(question, which)

    @precondition(lambda self: self.names)
    @rule(
        which=WHICH,
        verdict=st.sampled_from(["approve", "approve", "approve", "deny", "cancel", "maybe"]),
        name=st.sampled_from(["ann", "bob", "Bob", "eve"]),
        via=st.sampled_from(["cli", "mcp"]),
        plan=st.sampled_from([PLANS[0], PLANS[0], PLANS[1]]),
    )
    def decide(self, which: int, verdict: str, name: str, via: str, plan: Plan) -> None:
        who = Principal(name, via, frozenset() if name == "eve" else frozenset({Permission.DECIDE}))
        self.ask(
            lambda store, run: store.runs.decide(run, plan_hash=plan.sha256(), verdict=verdict, principal=who, reason="so"),
            which,
        )

    @precondition(lambda self: self.names)
    @rule(which=WHICH, keys=st.lists(st.sampled_from("xyz")))
    def settle_events(self, which: int, keys: list[str]) -> None:
        self.ask(lambda store, name: store.runs.mark_resolved(name, keys, actor="agent:x", note="n"), which)

    @rule(seconds=st.sampled_from([0.000001, 59, 599, 600, 1800]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.move(seconds)

    @rule()
    def expire(self) -> None:
        self.ask(lambda store, _: store.runs.expire())

    @rule(states=st.one_of(st.none(), st.sets(st.sampled_from(RunState))), on=st.sampled_from([None, "t1", "t3"]), limit=WHICH)
    def find(self, states: set[RunState] | None, on: str | None, limit: int) -> None:
        self.ask(lambda store, _: store.runs.list(states=states, target=on, limit=limit))
        self.ask(lambda store, _: store.runs.since(self.clock.now() - timedelta(seconds=limit * 100)))

    @invariant()
    def what_ended_never_changes(self) -> None:
        for run in self.loop.run(self.sql.runs.list(limit=1000)):
            assert self.ended.get(run.id, run.state) is run.state
            if run.state in TERMINAL:
                self.ended[run.id] = run.state

    @invariant()
    def a_problem_has_one_open_run_and_a_target_one_active(self) -> None:
        runs = self.loop.run(self.memory.runs.list(limit=1000))
        problems = [run.dedup_key for run in runs if run.state in OPEN]
        targets = [run.target for run in runs if run.state in ACTIVE]
        assert (len(set(problems)), len(set(targets))) == (len(problems), len(targets))

    def teardown(self) -> None:
        self.ask(lambda store, _: store.runs.list(limit=1000))
        self.ask(lambda store, _: self._told(store))
        assert self.loop.run(self.sql.audit.verify()).fault is None
        self.loop.run(self.sql.close())
        self.loop.close()
        self.folder.cleanup()

    async def _told(self, store: Store) -> object:
        return [(one.seq, one.at, one.actor, one.what, one.subject, one.detail) for one in await store.audit.entries(limit=10_000)]


Twins.TestCase.settings = settings(max_examples=20, stateful_step_count=40, deadline=None, database=None)
TestTwins = Twins.TestCase
