"""A cluster looked at from outside to inside: name, addresses, certificate, login, clock, privileges, catalogue, licences.

Each step says what it found and what to do; one that fails ends those that need it and nothing else. It reads only, and
tries each password exactly once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from mendwatch.clock import Clock
from mendwatch.errors import BadAnswer, MendwatchError, TargetError, Unreachable, Unsupported
from mendwatch.model.targets import Credential, Target
from mendwatch.provider import Check, Grade, Need, Suggestion
from mendwatch_onefs import handshake, privileges, typed
from mendwatch_onefs.addresses import base_url
from mendwatch_onefs.handshake import Shown
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.privileges import Caller
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistic_groups import GROUPS, chosen
from mendwatch_onefs.statistics_catalogue import read_catalogue
from mendwatch_onefs.time_skew import SKEW, TimeSkewCollector

#: Seconds by which the clocks may differ before logs and schedules stop fitting together.
MOST_SKEW = 5.0
#: How long before its end a certificate or a licence is worth a word.
SOON = timedelta(days=30)
#: The first version of auth/id with a letter for each permission; older ones are asked for in their own.
_OWN_PRIVILEGES = 18
#: So many missing keys are named.
_SOME = 5


class Examination:
    """The examination of one cluster."""

    def __init__(self, target: Target, options: OneFSOptions, clock: Clock) -> None:
        self._target, self._options, self._clock = target, options, clock
        url = base_url(target.address)
        self._host, self._port = str(url.host), int(url.port or 0)

    async def checks(self, read: Credential | None, write: Credential | None, needs: Sequence[Need]) -> AsyncIterator[Check]:
        """Give one check after the other."""
        reached = False
        async for check in self._outside():
            reached = reached or (check.name.startswith("address") and check.grade is not Grade.FAILED)
            yield check
        for tier, credential in (("read", read), ("write", write)):
            wanted = [need for need in needs if need.tier == tier]
            if credential is None:
                yield Check(f"{tier} login", Grade.SKIPPED, _without(tier, wanted))
            elif not reached:
                yield Check(f"{tier} login", Grade.SKIPPED, "no address answers in a way that can be trusted")
            else:
                async for check in self._inside(tier, credential, wanted):
                    yield check

    async def suggestions(self) -> list[Suggestion]:
        """Give the fingerprint to pin where nobody vouches for the certificate; never in place of what a person chose to trust.

        Raises:
            Unreachable: the name does not resolve, nothing answers, or what answers is not what the options trust.
        """
        shown = await self._shown_somewhere()
        if not shown.fault:
            return []
        if self._options.fingerprint or self._options.ca_file:
            raise Unreachable(
                f"{self._host} shows a certificate that the options do not trust: {shown.fault}",
                hint="Compare its fingerprint on the cluster, then correct the option fingerprint or ca_file.",
            )
        question = (
            f"Nobody vouches for the certificate of {self._host} ({shown.fault}).\n"
            f"It is {shown.subject}, issued by {shown.issuer}, SHA-256 {shown.fingerprint}.\n"
            "Compare that with what the cluster's administrator reads there. Trust exactly this certificate from now on?"
        )
        return [Suggestion("fingerprint", shown.fingerprint, question)]

    async def _shown_somewhere(self) -> Shown:
        """Look at one address after the other until one answers: of a name, some may lead nowhere from here."""
        places = list(map(str, self._options.addresses)) or await handshake.addresses(self._host, self._port)
        failure = Unreachable(f"{self._host} has no address")
        for address in places:
            try:
                return await handshake.look(address, self._host, self._port, self._options)
            except Unreachable as problem:
                failure = problem
        raise failure

    async def _outside(self) -> AsyncIterator[Check]:
        try:
            found = await handshake.addresses(self._host, self._port)
        except TargetError as problem:
            found = ()
            grade = Grade.WARNING if self._options.addresses else Grade.FAILED  # a session needs no name where it has addresses
            yield Check("name", grade, str(problem), problem.hint)
        else:
            yield Check("name", Grade.OK, f"{self._host} is {', '.join(found)}")
        for address in dict.fromkeys((*found, *map(str, self._options.addresses))):
            yield await self._address(address)

    async def _address(self, address: str) -> Check:
        name = f"address {address}"
        try:
            shown = await handshake.look(address, self._host, self._port, self._options)
        except TargetError as problem:
            return Check(name, Grade.FAILED, str(problem), problem.hint)
        return _certificate(name, shown, self._clock.now())

    async def _inside(self, tier: str, credential: Credential, needs: Sequence[Need]) -> AsyncIterator[Check]:
        session = OneFSSession(self._target, self._options, credential, self._clock)
        try:
            identity = await session.identify()
            told = f"{credential.username!r} at {identity.name}, {identity.product} {identity.version}"
            yield Check(f"{tier} login", Grade.OK, told)
            for check in await _tried("privileges", _granted(session, credential, needs)):
                yield check
            for step in self._reading(session, identity.version) if tier == "read" else ():
                for check in await step:
                    yield check
        except Exception as problem:  # noqa: BLE001 - as for every step
            yield _broken(f"{tier} login", problem)
        finally:
            await session.close()

    def _reading(self, session: OneFSSession, release: str) -> Iterator[Awaitable[list[Check]]]:
        yield _tried("clock", _clocks(session, self._clock))
        yield _tried("statistics catalogue", _catalogue(session))
        yield _tried("licences", _licences(session, release, self._clock.now()))


async def _tried(name: str, step: Awaitable[list[Check]]) -> list[Check]:
    """Give what a step found; what it could not find is a check too, and so is a fault of its own: the others still count."""
    try:
        return await step
    except Exception as problem:  # noqa: BLE001 - as the docstring says
        return [_broken(name, problem)]


def _broken(name: str, problem: Exception) -> Check:
    """Tell of a step that raised; it is skipped where this release has no such thing."""
    if isinstance(problem, MendwatchError):
        return Check(name, Grade.SKIPPED if isinstance(problem, Unsupported) else Grade.FAILED, str(problem), problem.hint)
    hint = "This is a fault of mendwatch: report it with what the cluster runs."
    return Check(name, Grade.FAILED, f"the answer was not understood: {type(problem).__name__}: {problem}", hint)


async def _granted(session: OneFSSession, credential: Credential, needs: Sequence[Need]) -> list[Check]:
    caller = await session.get(_OWN_PRIVILEGES, "auth/id", Caller)
    return privileges.judged(needs, privileges.held(caller), credential.username)


async def _clocks(session: OneFSSession, clock: Clock) -> list[Check]:
    reading = await TimeSkewCollector(clock).collect(session, clock.now())
    skews = {sample.labels[0]: sample.value for sample in reading.each() if sample.metric == SKEW.name}
    if not skews:
        return [Check("clock", Grade.SKIPPED, "no node tells its time")]
    node, worst = max(skews.items(), key=lambda item: abs(item[1]))
    told = f"node {node} is {abs(worst):.1f} s {'ahead of' if worst > 0 else 'behind'} this machine, the furthest of {len(skews)}"
    if abs(worst) <= MOST_SKEW:
        return [Check("clock", Grade.OK, told)]
    return [Check("clock", Grade.WARNING, told, "Set up NTP on both sides: events and rules are ordered by time.")]


async def _catalogue(session: OneFSSession) -> list[Check]:
    has = await read_catalogue(session)
    wanted = {statistic.key for statistic in chosen(session.options.statistics.groups)}
    missing = sorted(wanted - set(has))
    new = len(set(has) - {statistic.key for group in GROUPS.values() for statistic in group})
    told = (
        f"{len(has)} keys; {len(wanted) - len(missing)} of {len(wanted)} that are read are there, {new} have no metric of their own"
    )
    if not missing:
        return [Check("statistics catalogue", Grade.OK, told)]
    some = ", ".join(missing[:_SOME]) + (", ..." if len(missing) > _SOME else "")
    return [Check("statistics catalogue", Grade.WARNING, f"{told}; missing: {some}", "Nothing to do: their series are absent.")]


async def _licences(session: OneFSSession, release: str, now: datetime) -> list[Check]:
    """Ask by the vendor's SDK, whose models name every field of a licence."""
    listed = (await typed.call(session, release, "LicenseApi", "list_license_licenses")).licenses or []
    found = [_licence(str(one.name or one.id), str(one.status or "unknown"), one.expiration, now) for one in listed]
    return found or [Check("licences", Grade.OK, "the cluster lists none")]


def _licence(name: str, status: str, expiration: str | None, now: datetime) -> Check:
    days = _days(expiration, now)
    told = f"{status}{f', until {expiration}' if expiration else ''}"
    if "expired" in status.lower():
        return Check(f"licence {name}", Grade.WARNING, told, "Renew it: what it covers may have stopped.")
    if days is not None and days <= SOON.days:
        return Check(f"licence {name}", Grade.WARNING, f"{told}, in {days} days", "Renew it in time.")
    return Check(f"licence {name}", Grade.OK, told)


def _days(expiration: str | None, now: datetime) -> int | None:
    try:
        return (date.fromisoformat(expiration) - now.date()).days if expiration else None
    except ValueError:
        return None


def _certificate(name: str, shown: Shown, now: datetime) -> Check:
    told = f"{shown.version}, certificate {shown.subject}, until {shown.not_after:%Y-%m-%d}, SHA-256 {shown.fingerprint}"
    if shown.fault:
        hint = "Set the option ca_file, or pin the certificate by the option fingerprint, after comparing it on the cluster."
        return Check(name, Grade.FAILED, f"not trusted: {shown.fault}; {told}", hint)
    if shown.not_after - now <= SOON:
        return Check(name, Grade.WARNING, told, "Import a new certificate on the cluster before this one ends.")
    return Check(name, Grade.OK, told)


def _without(tier: str, needs: Sequence[Need]) -> str:
    if tier == "read":
        return "no read credential is configured, or it cannot be read"
    asking = sorted({need.who for need in needs})
    return "no write credential: nothing can be applied" + (f", so not {', '.join(asking)}" if asking else "")


async def inspected(session: OneFSSession) -> Mapping[str, object]:
    """Give what a cluster says of itself, as plain data; by the vendor's SDK where that is installed and takes the answer.

    Raises:
        TargetError: it cannot be asked.
    """
    identity = await session.identify()
    facts: dict[str, object] = {"name": identity.name, "product": identity.product, "release": identity.version}
    facts["api"] = await session.latest()
    try:
        config = await typed.call(session, identity.version, "ClusterApi", "get_cluster_config")
    except (Unsupported, BadAnswer) as problem:
        return {**facts, "nodes": f"not shown: {problem}"}
    devices = [{"node": one.lnn, "devid": one.devid, "up": one.is_up} for one in config.devices or []]
    return {**facts, "guid": config.guid, "encoding": config.encoding, "quorum": config.has_quorum, "nodes": devices}
