"""Attacks on approvals: none of them makes a playbook run, and each stands in the audit. On both stores, and over real MCP.

A word that must not count is refused with its reason. What was approved rightly and is not the same any more does not start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from approval_stage import ALL, Stage
from fastmcp.exceptions import ToolError

from mendwatch.errors import MendwatchError, Refused
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Role
from mendwatch.model.rules import Approval, Guard
from mendwatch.model.runs import Run, RunState
from mendwatch.model.targets import Target
from mendwatch.remediation import stopping
from mendwatch.store import delegations
from mendwatch.store.interface import Edit, RunChange
from mendwatch.store.sql import open_store

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

Do = Callable[[Stage, Run], Awaitable[object]]
KEY = bytes(range(32))
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite"])
async def stage(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> AsyncIterator[Stage]:
    if request.param == "memory":
        yield Stage(world, world.store)
        return
    store = await open_store(f"sqlite:///{tmp_path / 'state.db'}", key=KEY, clock=world.clock)
    world.store = store  # type: ignore[assignment]  # what stands on it asks the interface only
    yield Stage(world, store)
    await store.close()


@dataclass(frozen=True)
class Attack:
    """One attempt: what is done, why it is refused, on a rule that needs `quorum` people, with a remediation of that risk."""

    name: str
    do: Do
    why: str
    quorum: int = 1
    risk: str = "low"
    audited: str = "run.decision_refused"


def says(who: Principal | None = None, **word: object) -> Do:
    return lambda stage, run: stage.say(run, who, **word)


def person(name: str, via: str = "cli", **more: object) -> Principal:
    permissions = more.pop("permissions", PERMISSIONS[Role.APPROVER])
    return Principal(name, via, permissions, **more)  # type: ignore[arg-type]  # a table


def then(*steps: Do) -> Do:
    """Do several things, of which only the last is the attack."""

    async def do(stage: Stage, run: Run) -> None:
        for step in steps:
            await step(stage, run)

    return do


def passes(seconds: float) -> Do:
    async def do(stage: Stage, run: Run) -> None:
        del run
        stage.clock.move(seconds)

    return do


def proposed_by(name: str) -> Do:
    return lambda stage, run: stage.forge(run, proposer=name)


def by_token(role: Role = Role.APPROVER, name: str = "ann", **more: object) -> Do:
    async def do(stage: Stage, run: Run) -> None:
        _, secret = await stage.token(name, role, **more)
        await stage.over_mcp(secret, run)

    return do


def asks(**arguments: object) -> Do:
    async def do(stage: Stage, run: Run) -> None:
        _, secret = await stage.token()
        await stage.over_mcp(secret, run, **arguments)

    return do


async def revoked_between(stage: Stage, run: Run) -> None:
    token, _ = await stage.token()
    who = stage.caller("ann", token)
    await stage.store.tokens.revoke(token, actor="cli:root")
    await stage.say(run, who)


async def expired_between(stage: Stage, run: Run) -> None:
    token, _ = await stage.token(expires_at=stage.clock.now() + timedelta(minutes=1))
    who = stage.caller("ann", token)
    stage.clock.move(61)
    await stage.say(run, who)


def with_role(role: Role, **more: object) -> Do:
    """Come with the permissions of an approver, and the token of something else: the role was taken away between."""

    async def do(stage: Stage, run: Run) -> None:
        token, _ = await stage.token("ann", role, **more)
        await stage.say(run, stage.caller("ann", token))

    return do


async def unknown_token(stage: Stage, run: Run) -> None:
    await stage.say(run, stage.caller("ann", "zzzzzzzz"))


async def two_tokens_of_one(stage: Stage, run: Run) -> None:
    _, first = await stage.token("phone", person="ann")
    _, second = await stage.token("laptop", person="ann")
    await stage.over_mcp(first, run)
    await stage.over_mcp(second, run)
    after = await stage.store.runs.get(run.id)
    assert (after.state, len(after.decisions)) == (RunState.PENDING, 1)
    raise Refused("one voice")


def quorum_of(*names: str) -> Do:
    """Let several names approve that are one person; the run must still wait."""

    async def do(stage: Stage, run: Run) -> None:
        for name in names:
            await stage.say(run, stage.person(name))
        after = await stage.store.runs.get(run.id)
        assert (after.state, len(after.decisions)) == (RunState.PENDING, 1)
        raise Refused("one voice")

    return do


async def token_and_login(stage: Stage, run: Run) -> None:
    await stage.say(run, stage.person("ann"))
    _, secret = await stage.token("helper", person="Ann")
    await stage.over_mcp(secret, run)
    assert len((await stage.store.runs.get(run.id)).decisions) == 1
    raise Refused("one voice")


def lends(giver: str, deputy: str, begins: timedelta = timedelta(0), lasts: timedelta = HOUR) -> Do:
    async def do(stage: Stage, run: Run) -> None:
        del run
        now = stage.clock.now() + begins
        await delegations.give(stage.store, giver, deputy, now, now + lasts, actor=f"cli:{giver}", reason="away")

    return do


async def ended_delegation(stage: Stage, run: Run) -> None:
    now = stage.clock.now()
    lent = await delegations.give(stage.store, "ann", "bob", now, now + HOUR, actor="cli:ann", reason="")
    await delegations.end(stage.store, lent.id, actor="cli:ann")
    await stage.say(run, person("bob", acting_for="ann"))


async def delegation_that_ends_between(stage: Stage, run: Run) -> None:
    await lends("ann", "bob")(stage, run)
    token, secret = await stage.token("bob", Role.VIEWER, person="bob")
    assert (await stage.store.tokens.authenticate(secret)).acting_for == "ann"  # type: ignore[union-attr]
    stage.clock.move(3600)
    await stage.say(run, stage.caller("bob", token, person="bob", acting_for="ann"))


async def model_as_deputy(stage: Stage, run: Run) -> None:
    await lends("ann", "claude")(stage, run)
    _, secret = await stage.token("claude", Role.VIEWER, person="claude", model=True)
    await stage.over_mcp(secret, run)


async def clock_set_back(stage: Stage, run: Run) -> None:
    stage.clock.move(31 * 60)
    await stage.store.runs.expire()
    stage.clock.move(-31 * 60)
    await stage.say(run)


async def replayed_on_the_next_run(stage: Stage, run: Run) -> None:
    """The word that was given for a run is sent again for the next run about the same, with another plan."""
    await stage.say(run, verdict="deny")
    stage.clock.move(16 * 60)
    newer = await stage.offered(size=12.0)
    await stage.say(newer, plan_hash=run.plan_hash)


async def edits_and_approves(stage: Stage, run: Run) -> None:
    bob = person("bob", permissions=ALL)
    newer = await stage.store.runs.edit(run.id, Edit({"size": 5}, run.plan_hash, bob, ""))
    await stage.works()
    newer = await stage.store.runs.get(newer.id)
    assert newer.state is RunState.PENDING
    await stage.say(newer, person("bob", via="mcp"))


async def old_word_for_the_edited(stage: Stage, run: Run) -> None:
    newer = await stage.store.runs.edit(run.id, Edit({"size": 5}, run.plan_hash, person("bob"), ""))
    await stage.works()
    await stage.say(await stage.store.runs.get(newer.id), plan_hash=run.plan_hash)


def edits(principal: Principal | None = None, plan_hash: str | None = "", **values: object) -> Do:
    async def do(stage: Stage, run: Run) -> None:
        sha256 = run.plan_hash if plan_hash == "" else plan_hash
        await stage.store.runs.edit(run.id, Edit(values, sha256, principal or stage.person(), ""))

    return do


async def approves_by_change(stage: Stage, run: Run) -> None:
    """Go around the question: ask the store for the state itself. The store has no word to audit, so the attempt is said after."""
    try:
        await stage.store.runs.change(run.id, RunChange(RunState.APPROVED, "agent:x"))
    finally:
        with pytest.raises(Refused):
            await stage.say(run, plan_hash="0" * 64)


async def starts_by_change(stage: Stage, run: Run) -> None:
    try:
        await stage.store.runs.change(run.id, RunChange(RunState.APPLYING, "agent:x"))
    finally:
        with pytest.raises(Refused):
            await stage.say(run, plan_hash="0" * 64)


BOB_FOR_ANN = says(person("bob", acting_for="ann"))
AN, EVE = "\u0430nn", person("eve", "mcp", permissions=frozenset({Permission.READ}))
ATTACKS = [
    # --- another plan
    Attack("other hash", says(plan_hash="0" * 64), "plan hash is not that"),
    Attack("no hash", says(plan_hash=None), "plan hash is not that"),
    Attack("empty hash", says(plan_hash=""), "plan hash is not that"),
    Attack("beginning of the hash", lambda s, r: s.say(r, plan_hash=(r.plan_hash or "")[:32]), "plan hash is not that"),
    Attack("hash in capitals", lambda s, r: s.say(r, plan_hash=(r.plan_hash or "").upper()), "plan hash is not that"),
    Attack("hash with a space", lambda s, r: s.say(r, plan_hash=f"{r.plan_hash} "), "plan hash is not that"),
    Attack("other hash over MCP", asks(plan_hash="0" * 64), "plan hash is not that"),
    Attack("replay on the next run", replayed_on_the_next_run, "plan hash is not that"),
    Attack("old word for the edited run", old_word_for_the_edited, "plan hash is not that"),
    # --- who may not
    Attack("viewer", says(EVE), "may not decide"),
    Attack("operator", says(person("eve", "mcp", permissions=PERMISSIONS[Role.OPERATOR])), "may not decide"),
    Attack("auditor", says(person("eve", "mcp", permissions=PERMISSIONS[Role.AUDITOR])), "may not decide"),
    Attack("source", says(person("eve", "mcp", permissions=PERMISSIONS[Role.SOURCE])), "may not decide"),
    Attack("nobody", says(Principal("nobody", "mcp")), "may not decide"),
    Attack("viewer over MCP", by_token(Role.VIEWER), "Unknown tool"),
    Attack("operator over MCP", by_token(Role.OPERATOR), "Unknown tool"),
    Attack("auditor over MCP", by_token(Role.AUDITOR), "Unknown tool"),
    Attack("a viewer denies", says(EVE, verdict="deny"), "may not decide"),
    Attack("a viewer cancels", says(EVE, verdict="cancel"), "may not decide"),
    Attack("a model with every permission", says(person("claude", "mcp", permissions=ALL, model=True)), "may not decide"),
    Attack("a model denies", says(person("claude", "mcp", permissions=ALL, model=True), verdict="deny"), "may not decide"),
    Attack("a model over MCP", by_token(Role.OPERATOR, "claude", model=True), "Unknown tool"),
    Attack("a model as deputy", model_as_deputy, "Unknown tool"),
    # --- tokens that are not what they were
    Attack("token revoked between", revoked_between, "token has ended"),
    Attack("token expired between", expired_between, "token has ended"),
    Attack("token of nobody", unknown_token, "token has ended"),
    Attack("role taken away between: viewer", with_role(Role.VIEWER), "not decide on runs any more"),
    Attack("role taken away between: operator", with_role(Role.OPERATOR), "not decide on runs any more"),
    Attack("token of another audience", with_role(Role.SOURCE), "not decide on runs any more"),
    Attack("token became a model's", with_role(Role.VIEWER, model=True), "token has ended"),
    Attack("token of somebody else", with_role(Role.APPROVER, person="bob"), "somebody else's"),
    # --- the proposer, by other names
    Attack("proposer", then(proposed_by("cli:ann"), says()), "may not approve it"),
    Attack("proposer by another channel", then(proposed_by("mcp:ann"), says()), "may not approve it"),
    Attack("proposer in capitals", then(proposed_by("mcp:ANN"), says()), "may not approve it"),
    Attack("proposer in full width", then(proposed_by("mcp:\uff41\uff4e\uff4e"), says()), "may not approve it"),
    Attack("proposer with spaces", then(proposed_by("mcp: ann "), says()), "may not approve it"),
    Attack("proposer by a token of hers", then(proposed_by("cli:ann"), by_token(name="phone", person="ann")), "may not approve it"),
    Attack(
        "proposer by a deputy",
        then(proposed_by("cli:ann"), lends("ann", "bob"), BOB_FOR_ANN),
        "may not approve it",
    ),
    Attack(
        "proposer as a deputy",
        then(proposed_by("cli:bob"), lends("ann", "bob"), BOB_FOR_ANN),
        "may not approve it",
    ),
    Attack("who edited", edits_and_approves, "may not approve it"),
    # --- look-alikes
    Attack("Cyrillic a", says(person(AN)), "can be mistaken"),
    Attack("no-width sign", says(person("a\u200bnn")), "can be mistaken"),
    Attack("right-to-left sign", says(person("\u202eann")), "can be mistaken"),
    Attack("Greek nu", says(person("a\u03bdn")), "can be mistaken"),
    Attack("combining sign", says(person("an\u0323n")), "can be mistaken"),
    Attack("soft hyphen", says(person("a\u00adnn")), "can be mistaken"),
    Attack("line break", says(person("ann\nroot")), "can be mistaken"),
    Attack("no name at all", says(person(" ")), "can be mistaken"),
    Attack("look-alike token", by_token(name=AN), "can be mistaken"),
    # --- quorum
    Attack("one person twice", quorum_of("ann", "ann"), "one voice", quorum=2),
    Attack("one person in capitals", quorum_of("ann", "ANN"), "one voice", quorum=2),
    Attack("one person in full width", quorum_of("ann", "\uff41\uff4e\uff4e"), "one voice", quorum=2),
    Attack("one person in ligatures", quorum_of("ffi", "\ufb03"), "one voice", quorum=2),
    Attack("one person, two tokens", two_tokens_of_one, "one voice", quorum=2),
    Attack("one person, login and token", token_and_login, "one voice", quorum=2),
    Attack("a look-alike as second", then(says(), says(person(AN))), "can be mistaken", quorum=2),
    Attack(
        "a deputy after the giver",
        then(says(), lends("ann", "bob"), BOB_FOR_ANN),
        "no other person",
        quorum=2,
    ),
    Attack(
        "the giver after a deputy",
        then(lends("ann", "bob"), BOB_FOR_ANN, says()),
        "no other person",
        quorum=2,
    ),
    # --- deputies
    Attack("deputy of nobody", BOB_FOR_ANN, "may not decide for ann"),
    Attack("deputy too early", then(lends("ann", "bob", HOUR), BOB_FOR_ANN), "may not decide for ann"),
    Attack(
        "deputy too late",
        then(lends("ann", "bob", lasts=timedelta(minutes=5)), passes(300), BOB_FOR_ANN),
        "may not decide for ann",
    ),
    Attack("another's deputy", then(lends("ann", "bob"), says(person("eve", acting_for="ann"))), "may not decide for ann"),
    Attack("deputy of another", then(lends("ann", "bob"), says(person("bob", acting_for="zoe"))), "may not decide for zoe"),
    Attack("delegation ended", ended_delegation, "may not decide for ann"),
    Attack("delegation ends between", delegation_that_ends_between, "may not decide for ann"),
    # --- time and state
    Attack("after the question ran out", then(passes(30 * 60), says()), "ran out"),
    Attack("clock set back after the expiry", clock_set_back, "is expired"),
    Attack("after a denial", then(says(verdict="deny"), says(person("bob"))), "is denied"),
    Attack("after it was taken back", then(says(verdict="cancel"), says(person("bob"))), "is cancelled"),
    Attack("a denial without a reason", says(verdict="deny", reason="  "), "needs a reason"),
    Attack("a word nobody knows", says(verdict="approve!"), "is no decision"),
    Attack("a word in capitals", says(verdict="APPROVE"), "is no decision"),
    # --- channels
    Attack("high risk over MCP", by_token(), "high risk", risk="high"),
    Attack("high risk by an MCP principal", says(person("ann", "mcp")), "high risk", risk="high"),
    Attack("a channel nobody knows", says(person("ann", "carrier-pigeon")), "risk and is not approved over"),
    Attack("a risk nobody knows over MCP", then(lambda s, r: s.forge(r, risk="tiny"), says(person("ann", "mcp"))), "tiny risk"),
    # --- edits
    Attack("a viewer edits", edits(EVE, size=5), "may not decide", audited="run.edit_refused"),
    Attack("a model edits", edits(person("claude", model=True), size=5), "may not decide", audited="run.edit_refused"),
    Attack("an edit of another plan", edits(None, "0" * 64, size=5), "plan hash is not that", audited="run.edit_refused"),
    Attack("an edit that raises", edits(size=12), "can only be lowered", audited="run.edit_refused"),
    Attack("an edit of a path", edits(path="/b"), "is no number", audited="run.edit_refused"),
    Attack("an edit that adds a variable", edits(force=0), "is no number", audited="run.edit_refused"),
    Attack("an edit after the question ran out", then(passes(1800), edits(size=5)), "ran out", audited="run.edit_refused"),
    # --- around the question
    Attack("approved by a change of state", approves_by_change, "only a person's decision"),
    Attack("applied by a change of state", starts_by_change, "cannot become applying"),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_a_word_that_must_not_count_runs_nothing_and_is_audited(stage: Stage, attack: Attack) -> None:
    stage.world.use(approval=Approval(quorum=attack.quorum), guard=Guard(cooldown=timedelta(minutes=15), max_targets=5))
    if attack.risk != "low":
        stage.world.use_remediation(risk=attack.risk)
    run = await stage.offered()

    with pytest.raises((Refused, ToolError), match=attack.why):
        await attack.do(stage, run)

    await stage.works()
    told = await stage.audited()
    assert stage.executions() == 0
    assert attack.audited in told or "run.decision_repeated" in told
    assert (await stage.store.audit.verify()).fault is None


def test_there_are_as_many_attacks_as_were_promised() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


# --- what was approved rightly, and is not the same any more ---------------------------------------------------------


def forged(**plan: object) -> Do:
    """Change a value of the plan in the database, and leave its hash."""

    async def do(stage: Stage, run: Run) -> None:
        assert run.plan is not None
        await stage.forge(run, plan=replace(run.plan, **plan))  # type: ignore[arg-type]  # a table

    return do


async def changed_file(stage: Stage, run: Run) -> None:
    del run
    (stage.world.folder / "playbook.yaml").write_text("- name: Something else\n  hosts: localhost\n  tasks: []\n")


async def added_file(stage: Stage, run: Run) -> None:
    del run
    (stage.world.folder / "more.yaml").write_text("- debug: {}\n")


async def changed_rule(stage: Stage, run: Run) -> None:
    del run
    stage.world.rules["NearlyFull"] = replace(stage.world.rules["NearlyFull"], digest="another")


async def removed_rule(stage: Stage, run: Run) -> None:
    del run
    stage.world.rules.clear()


async def another_address(stage: Stage, run: Run) -> None:
    del run
    stage.world.access.targets["one"] = Target("one", "box", "https://elsewhere")


async def removed_target(stage: Stage, run: Run) -> None:
    del run
    del stage.world.access.targets["one"]


async def another_version(stage: Stage, run: Run) -> None:
    del run
    stage.world.executor.version = "9.99"


async def no_account(stage: Stage, run: Run) -> None:
    del run
    stage.world.access.tiers.discard("write")


async def stopped(stage: Stage, run: Run) -> None:
    del run
    await stopping.stop(stage.store, "cli:bob", "")


async def not_firing(stage: Stage, run: Run) -> None:
    del run
    stage.world.judge.firing = False


async def no_data(stage: Stage, run: Run) -> None:
    del run
    stage.world.judge.firing = None


async def held_back(stage: Stage, run: Run) -> None:
    del run
    stage.world.judge.holding = "a maintenance window"


async def taken_back(stage: Stage, run: Run) -> None:
    await stage.say(run, verdict="cancel")


DRIFTS: dict[str, Do] = {
    "changed variable": forged(variables={"path": "/a", "size": 99, "before": 10}),
    "another path": forged(variables={"path": "/etc", "size": 11, "before": 10}),
    "hidden change": forged(changes=()),
    "another target in the plan": forged(target="two"),
    "another address in the plan": forged(address="https://elsewhere"),
    "another remediation in the plan": forged(remediation="box/other"),
    "changed file": changed_file,
    "added file": added_file,
    "changed rule": changed_rule,
    "removed rule": removed_rule,
    "target with another address": another_address,
    "removed target": removed_target,
    "another version of Ansible": another_version,
    "write account removed": no_account,
    "runs stopped": stopped,
    "alert over": not_firing,
    "no data": no_data,
    "held back": held_back,
    "taken back": taken_back,
    "started too late": passes(601),
}


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restart between"])
@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
async def test_what_was_approved_and_is_not_the_same_any_more_does_not_start(stage: Stage, drift: Do, restarted: bool) -> None:  # noqa: FBT001 - a table
    run = await stage.offered()
    approved = await stage.say(run)
    await drift(stage, approved)
    if restarted:
        stage.world.restart()

    await stage.works()
    after = await stage.store.runs.get(run.id)
    assert (after.terminal, stage.executions()) == (True, 0), after
    assert f"run.{after.state}" in await stage.audited()


async def test_a_hundred_words_at_once_are_one_approval_and_one_start(stage: Stage) -> None:
    run = await stage.offered()
    people = [stage.person(f"p{number % 50}") for number in range(100)]

    said = await asyncio.gather(*(stage.say(run, who) for who in people), return_exceptions=True)
    assert all(isinstance(one, Run | MendwatchError) for one in said)
    approvals = (await stage.store.runs.get(run.id)).decisions
    await stage.works()
    assert (len(approvals), stage.executions()) == (1, 1)
    told = await stage.audited()
    assert sum(what in {"run.approved", "run.decision_repeated", "run.decision_refused"} for what in told) == 100


async def test_a_hundred_words_of_one_person_reach_no_quorum(stage: Stage) -> None:
    stage.world.use(approval=Approval(quorum=2))
    run = await stage.offered()
    spellings = ["ann", "Ann", "ANN", "\uff41\uff4e\uff4e", " ann"]

    await asyncio.gather(*(stage.say(run, stage.person(spellings[number % 5])) for number in range(100)), return_exceptions=True)
    await stage.works()
    assert ((await stage.store.runs.get(run.id)).state, stage.executions()) == (RunState.PENDING, 0)


async def test_who_has_no_token_of_ours_does_not_come_in(stage: Stage) -> None:
    run = await stage.offered()
    _, source = await stage.token("am", Role.SOURCE)
    token, secret = await stage.token()
    await stage.store.tokens.revoke(token, actor="cli:root")
    for wrong in (source, secret, "mw_zzzzzzzz_" + "A" * 43, "Bearer", "eyJhbGciOiJub25lIn0.e30."):
        with pytest.raises(Exception, match=r"40[13]|nauthorized|orbidden|returned an error"):
            await stage.over_mcp(wrong, run)
    await stage.works()
    assert ((await stage.store.runs.get(run.id)).state, stage.executions()) == (RunState.PENDING, 0)


async def test_a_deputy_decides_within_the_window_and_the_audit_names_both(stage: Stage) -> None:
    """The control: what is refused above is not refused to everybody."""
    run = await stage.offered()
    await lends("ann", "bob")(stage, run)
    _, secret = await stage.token("bob-view", Role.VIEWER, person="bob")
    await stage.over_mcp(secret, run)

    (word,) = (await stage.store.runs.get(run.id)).decisions
    assert (word.actor, word.person, word.acting_for) == ("mcp:bob-view", "bob", "ann")
    row = (await stage.store.audit.entries(subject=run.id))[-1]
    assert (row.what, row.detail["person"], row.detail["acting_for"]) == ("run.approved", "bob", "ann")
    await stage.works()
    assert stage.executions() == 1


async def test_two_people_make_a_quorum_and_the_run_starts(stage: Stage) -> None:
    """The other control."""
    stage.world.use(approval=Approval(quorum=2))
    run = await stage.offered()
    _, secret = await stage.token("phone", person="bob")
    await stage.say(run)
    await stage.over_mcp(secret, run)
    await stage.works()
    assert stage.executions() == 1
