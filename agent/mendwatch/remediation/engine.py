"""The remediation engine: takes proposals, waits for decisions, carries approved runs to their end.

A thin shell: each part is a module of its own, and this one only says who does what and when. It meets the other engines in
`service`, which gives it a Judge and an Access.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from mendwatch.errors import Refused, StoreError
from mendwatch.model.proposals import Proposal
from mendwatch.model.runs import ACTIVE, Run, RunState
from mendwatch.remediation import planning, watching
from mendwatch.remediation.guards import GuardVerdict
from mendwatch.remediation.known import Known
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.lifecycle import Lifecycle
from mendwatch.remediation.offers import Offers
from mendwatch.remediation.parts import AGENT, Parts
from mendwatch.remediation.phases import Phases
from mendwatch.remediation.recovery import Recovery
from mendwatch.remediation.resolving import Resolver

log = structlog.get_logger(__name__)

_DECIDED = frozenset({RunState.DENIED, RunState.CANCELLED})
#: An alert that is gone overtakes a run in these states; a run that has begun is let finish and then measured.
_OVERTAKEN = frozenset({RunState.PLANNING, RunState.PENDING, RunState.APPROVED})
_MANY = 10_000
#: Seconds until a run that meets a fault of ours again and again is taken up once more.
_LONGEST_REST = 300.0


class RemediationEngine:
    """The engine. `run` works until it is cancelled; `offer` and `alert_resolved` are called from the other engines' steps."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ledger = Ledger(parts)
        self._phases = Phases(parts, self._ledger)
        self._resolver = Resolver(parts, self._ledger, self._phases)
        self._lifecycle = Lifecycle(parts, self._ledger, self._phases, self._resolver)
        self._recovery = Recovery(parts, self._ledger, self._lifecycle, self._phases, self._resolver)
        self._offers = Offers(parts, self._ledger, self._phases, self._let_go)
        self._poked = asyncio.Event()
        self._taken: dict[str, str] = {}  # runs that a task of ours carries: id to target
        self._given_up: set[str] = set()  # approved runs that we could not start by a fault of ours
        self._adrift: dict[str, float] = {}  # runs that a task of ours let go, and from when on they are taken up again
        self._faults: Counter[str] = Counter()  # how often each run met a fault of ours
        self._waiting: dict[str, RunState] = {}  # pending and approved runs at the last look
        self._store_answers = True
        self._known = Known(parts)

    async def offer(self, proposal: Proposal) -> Run | None:
        """Take a firing rule's proposal: guards, plan, question. Takes as long as check mode takes; None where no run was opened.

        Why not is announced and audited once. Raises StoreError where the store does not answer: nothing was decided.
        """
        run = await self._offers.offer(proposal)
        self.poke()
        return run

    async def why_not(self, proposal: Proposal) -> tuple[GuardVerdict, ...]:
        """Ask every guard about a proposal, without doing anything."""
        return await self._offers.why_not(proposal)

    async def alert_resolved(self, fingerprint: str) -> None:
        """Overtake the runs of an alert that is gone, as far as they have not begun. Raises StoreError."""
        self._offers.forget(fingerprint)
        for run in await self._parts.store.runs.list(states=_OVERTAKEN, limit=_MANY):
            if run.fingerprint == fingerprint:
                await self._overtake(run)

    def poke(self) -> None:
        """Look at the store at once: something was decided."""
        self._poked.set()

    async def recover(self) -> None:
        """Bring every run that an earlier agent left behind to its end, and wait until all are there. `run` does this itself."""
        async with asyncio.TaskGroup() as group:
            await self._take_over(group)

    async def run(self) -> None:
        """Recover, then work until cancelled. A playbook that runs at that moment gets `limits.grace` seconds to end."""
        async with asyncio.TaskGroup() as group:
            while not await self._attempt(lambda: self._take_over(group)):
                await self._pause()
            while True:
                await self._attempt(lambda: self._look(group))
                await self._pause()

    async def _take_over(self, group: asyncio.TaskGroup) -> None:
        for run in await self._recovery.left_behind():
            if run.id not in self._offers.planning:
                self._take(group, run, self._recovery.go_on)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Look at the store once: end what ran out, tell what was decided, start what may start."""
        await self._take_up(group)
        known = await self._waiting_runs()
        waiting = [run for run in known if run.state is not RunState.PLANNING]
        await self._tell_decisions(waiting)
        self._plan_edited(group, known)
        if any(run.state is RunState.APPROVED for run in waiting):
            busy = {run.target for run in await self._parts.store.runs.list(states=ACTIVE, limit=_MANY)}
            for run in watching.startable(waiting, self._given_up | self._taken.keys(), busy | set(self._taken.values())):
                self._take(group, run, self._lifecycle.carry)

    def _plan_edited(self, group: asyncio.TaskGroup, known: Iterable[Run]) -> None:
        """Plan what people have edited, through another process as often as not."""
        held = self._given_up | self._taken.keys()
        for run in known:
            if run.state is RunState.PLANNING and planning.edited(run) and run.id not in held:
                self._take(group, run, self._offers.replan)

    async def _take_up(self, group: asyncio.TaskGroup) -> None:
        """Go on with the runs that a task of ours let go in the middle: nobody else does before the agent is started again."""
        now = self._parts.clock.monotonic()
        for run_id in [key for key, due in self._adrift.items() if due <= now]:
            run = await self._parts.store.runs.get(run_id)
            del self._adrift[run_id]
            if self._recovery.unfinished(run):
                self._take(group, run, self._recovery.go_on)

    def _let_go(self, run_id: str, pause: float = 0.0) -> None:
        self._adrift[run_id] = self._parts.clock.monotonic() + pause

    async def _waiting_runs(self) -> Sequence[Run]:
        """Give the pending and approved runs; those that ran out are ended first. No query where nothing was written, else one."""
        waiting = await self._known.runs()
        now = self._parts.clock.now()
        if not any(run.expires_at and run.expires_at <= now for run in waiting):
            return waiting
        for run in await self._parts.store.runs.expire():
            self._ledger.state(run)
        return await self._known.runs()

    async def _tell_decisions(self, waiting: Iterable[Run]) -> None:
        look = watching.compare(self._waiting, waiting)
        gone = [await self._parts.store.runs.get(run_id) for run_id in look.gone]
        self._waiting = dict(look.states)
        for run in (*look.approved, *(run for run in gone if run.state in _DECIDED)):
            self._ledger.state(run)

    def _take(self, group: asyncio.TaskGroup, run: Run, work: Callable[[Run], Awaitable[Run]]) -> None:
        self._taken[run.id] = run.target
        group.create_task(self._carry(run, work), name=f"run {run.id}")

    async def _carry(self, run: Run, work: Callable[[Run], Awaitable[Run]]) -> None:
        """Carry one run; whatever happens to it must not stop the others."""
        try:
            if self._recovery.unfinished(await work(run)):
                self._let_go(run.id, self._parts.limits.longest_pause)
        except Refused as problem:  # it may not start now, or it has another owner by now
            log.info("run not carried on", run=run.id, reason=str(problem))
            await self._parts.clock.sleep(self._parts.limits.hold)
        except StoreError as problem:
            log.info("run not carried on", run=run.id, reason=str(problem))
            await self._parts.clock.sleep(self._parts.limits.hold)
            self._let_go(run.id)
        except Exception:
            # A fault of ours: the row stays as it is, so that nothing untrue is written. What has not begun is not tried again by
            # this agent; what has begun is taken up later as after a restart, or its target would be held for ever.
            log.exception("run not carried on by a fault of mendwatch", run=run.id)
            self._given_up.add(run.id)
            self._faults[run.id] += 1
            self._let_go(run.id, min(self._parts.limits.hold * 4 ** self._faults[run.id], _LONGEST_REST))
        finally:
            self._taken.pop(run.id, None)
        self.poke()

    async def _overtake(self, run: Run) -> None:
        try:
            note = "the alert is gone, so nothing is to be done"
            await self._ledger.change(run, RunState.SUPERSEDED, note, actor=AGENT, expect_version=run.version)
        except Refused as problem:  # it was decided or started at this very moment
            log.info("run not overtaken", run=run.id, reason=str(problem))

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Do one step, and say whether it was done; a store that does not answer is told once, and its return once."""
        try:
            await step()
        except StoreError as problem:
            if self._store_answers:
                log.warning("the store does not answer", reason=str(problem), hint=problem.hint)
            self._store_answers = False
        else:
            if not self._store_answers:
                log.info("the store answers again")
            self._store_answers = True
        return self._store_answers

    async def _pause(self) -> None:
        """Wait for a poke or for the next look."""
        sleep = asyncio.ensure_future(self._parts.clock.sleep(self._parts.limits.look))
        poke = asyncio.ensure_future(self._poked.wait())
        try:
            await asyncio.wait({sleep, poke}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (sleep, poke):
                waiting.cancel()
            await asyncio.gather(sleep, poke, return_exceptions=True)
        self._poked.clear()
