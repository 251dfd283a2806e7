"""The composition root: the only place where every part is made, and the only one that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext

from starlette.applications import Starlette

from mendwatch import content
from mendwatch.alerting.engine import AlertEngine
from mendwatch.clock import Clock, SystemClock
from mendwatch.config import web_config
from mendwatch.config.settings import Settings
from mendwatch.config.web_config import WebConfig
from mendwatch.errors import ConfigurationError
from mendwatch.history.memory import Bounds, MemoryHistory
from mendwatch.history.recalling import Recollection
from mendwatch.mcp_server import server as mcp
from mendwatch.metrics import declarations, exposition, health
from mendwatch.metrics.agent import AgentMetrics, Watched
from mendwatch.metrics.families import Families
from mendwatch.metrics.recording import RecordingMetrics
from mendwatch.metrics.reloads import ReloadMetrics
from mendwatch.model.notices import Notice
from mendwatch.model.runs import RunState
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.polling.poller import Poller
from mendwatch.polling.watches import Watch
from mendwatch.provider import Provider
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.remediation.parts import Limits, Parts
from mendwatch.render.renderer import Renderer
from mendwatch.service import logs
from mendwatch.service.access import ConfiguredAccess
from mendwatch.service.agent import Agent, Machinery
from mendwatch.service.desk import AgentDesk
from mendwatch.service.events import OpenEvents
from mendwatch.service.explanations import Explainer
from mendwatch.service.feed import Feed
from mendwatch.service.forgetting import Forgetting
from mendwatch.service.gauges import Gauges
from mendwatch.service.housekeeping import Housekeeping
from mendwatch.service.inbox import Inbox
from mendwatch.service.judge import FreshJudge
from mendwatch.service.judgement import Judgement
from mendwatch.service.library import Library, again, load, remediation_paths
from mendwatch.service.pipeline import Outlets, Pipeline
from mendwatch.service.probing import Prober
from mendwatch.service.readings import Readings
from mendwatch.service.recorded_engine import RecordedEngine
from mendwatch.service.reloading import Current, Hands, Reloading, Takers
from mendwatch.service.remembering import Remembering
from mendwatch.service.resuming import Keeper, resuming
from mendwatch.service.shelf import Allowance, Shelf
from mendwatch.service.state import ADDRESS, open_state
from mendwatch.service.stops import STOP_FILE, StopFile, Stops, stop_hands
from mendwatch.service.targets import watches
from mendwatch.service.tenure import Tenure, badge
from mendwatch.store.interface import Store
from mendwatch.web import app as web
from mendwatch.web.exposition import Pieces
from mendwatch.web.probing import Probe
from mendwatch.web.reloading import Reload
from mendwatch.web.rules_api import RulesView
from mendwatch.web.server import WebServer
from mendwatch.web.stopping import StopRuns
from mendwatch.web.tls import Certificates
from mendwatch.web.users import Users, nobody
from mendwatch.web.webhook import Delivery, Webhook


@dataclass(frozen=True, slots=True)
class _Site:
    """What was loaded before anything was made."""

    settings: Settings
    folder: Path
    library: Library
    watches: tuple[Watch, ...]
    clock: Clock
    file: Path | None


@dataclass(frozen=True, slots=True)
class _Instruments:
    """What the parts share."""

    families: Families
    history: MemoryHistory
    metrics: AgentMetrics
    events: OpenEvents
    feed: Feed


@dataclass(frozen=True, slots=True)
class _Guests:
    """Endpoints that ask for a token of their own, and what the pages tell of them."""

    webhook: Webhook
    reload: Reload
    stop_runs: StopRuns
    warnings: Callable[[], Sequence[str]]


async def build(settings: Settings, folder: Path, clock: Clock | None = None, file: Path | None = None) -> Agent:
    """Build the agent that the settings describe; `folder` is where relative secret files start. Nothing runs yet.

    `file` is the configuration, if there is one: its maintenance windows are taken up while the agent runs.

    Raises:
        UserError: the configuration, a rule or a target's stanza is wrong.
        StoreError: the state cannot be opened.
    """
    library = load(settings)
    site = _Site(settings, folder, library, watches(settings, library.providers, folder), clock or SystemClock(), file)
    _refuse_broken(library)
    instruments = _instruments(site)
    async with AsyncExitStack() as stack:
        store = await open_state(settings, site.clock)
        stack.push_async_callback(store.close)
        tenure = None if store.fleet is None else Tenure(store.fleet, stack.enter_context(badge(settings.state_dir)), site.clock)
        agent = _assemble(site, instruments, store, tenure)
        agent.own(stack.pop_all())
        return agent


def _assemble(site: _Site, shared: _Instruments, store: Store, tenure: Tenure | None) -> Agent:
    clock, announce = site.clock, shared.feed.announce
    ours = frozenset(watch.target.id for watch in site.watches)
    alerts, readings = _engine(site, shared, ours)
    judgement = Judgement(alerts, store, shared.metrics, clock, announce, site.library.windows)
    keeper = Keeper(store.marks)
    outlets = Outlets(shared.families, shared.history, shared.events, shared.metrics, judgement, clock, announce, keeper)
    # The pipeline asks the poller that is made from it, hence the late look-up.
    pipeline = Pipeline(outlets, lambda *which: poller.standing_of(*which))  # noqa: PLW0108 - the name is bound on the next line
    watched = [resuming(one, store.marks) for one in site.watches]
    poller = Poller(watched, pipeline, clock=clock, announce=announce, allowed=tenure.sure if tenure else None)
    executor = LocalExecutor(site.settings.run_directory, clock)
    collectors = _collectors(site.library.providers)
    judge = FreshJudge(poller, alerts, shared.events, collectors, clock)
    access = ConfiguredAccess(site.settings.targets, [one.target for one in site.watches], site.library.providers, site.folder)
    current = Current(site.library.catalogue)
    parts = Parts(
        store=store,
        executor=executor,
        catalogue=current,
        rules=lambda name: found.rule if (found := alerts.rules.get(name)) else None,
        judge=judge,
        access=access,
        clock=clock,
        announce=announce,
        enabled=lambda: site.settings.runs.enabled,
        stop_file=StopFile(site.settings.state_dir / STOP_FILE),
        limits=Limits(concurrent=site.settings.runs.concurrent),
    )
    remedy = RemediationEngine(parts)
    judgement.connect(remedy)
    store.hear(remedy.poke)
    explainer = Explainer(alerts, judgement, remedy, store, poller.status, collectors, clock)
    desk = AgentDesk(store, poller, shared.history, clock, remedy.poke, explainer)
    front = web_config.load(site.settings.web_config) if site.settings.web_config else WebConfig()
    inbox = Inbox(store.received, judgement, shared.metrics, clock)
    reloading = _reloading(site, shared, store, alerts, Takers(judgement.replace, inbox.recall, current, judgement))
    app = _application(site, shared, store, poller, desk, front, _guests(shared, store, inbox, reloading, clock))
    server = WebServer(app, site.settings.host, site.settings.port, tls=_tls(front, shared.metrics))
    return Agent(
        Machinery(
            store=store,
            tenure=tenure,
            feed=shared.feed,
            poller=poller,
            judgement=judgement,
            inbox=inbox,
            remedy=remedy,
            executor=executor,
            server=server,
            gauges=Gauges(shared.metrics, store, clock, Stops(parts, shared.metrics.registry).look),
            housekeeping=Housekeeping(site.settings.run_directory, store, clock),
            readings=readings,
            remembering=_remembering(site, alerts) if readings is not None else None,
            reloading=reloading,
            forgetting=Forgetting(store.journal, clock),
            targets=ours,
            address=site.settings.state_dir / ADDRESS,
        )
    )


def _guests(shared: _Instruments, store: Store, inbox: Inbox, reloading: Reloading, clock: Clock) -> _Guests:
    known = store.tokens.authenticate
    return _Guests(
        webhook=Webhook(Delivery(known, inbox.take, shared.metrics.deliveries.message), clock),
        reload=Reload(known, reloading.reload),
        stop_runs=StopRuns(known, stop_hands(store)),
        warnings=lambda: reloading.warnings,
    )


def _reloading(site: _Site, shared: _Instruments, store: Store, alerts: AlertEngine, takers: Takers) -> Reloading:
    hands = Hands(
        load=lambda: again(site.settings, site.library, site.file),
        rules=lambda: alerts.rules,
        takers=takers,
        audit=store.audit,
        metrics=ReloadMetrics(shared.metrics.registry),
    )
    configuration = [site.file] if site.file is not None else []
    return Reloading(hands, [*site.library.rule_paths, *remediation_paths(site.settings), *configuration], site.clock)


def _tls(front: WebConfig, metrics: AgentMetrics) -> SSLContext | None:
    """Read the certificate of the web server, where it has one, and tell when that ends."""
    if front.tls is None:
        return None
    certificates = Certificates(front.tls)
    metrics.watch_certificate(lambda: certificates.not_after)
    return certificates.context


def _engine(site: _Site, shared: _Instruments, ours: Collection[str]) -> tuple[AlertEngine, Readings | None]:
    """Give the engine, ready for its first reading, and what records what is put to it, where that is wanted."""
    engine, readings = _recorded_engine(site, shared)
    engine.reach_back(Recollection(shared.history).points)
    engine.know(ours)
    return engine, readings


def _recorded_engine(site: _Site, shared: _Instruments) -> tuple[AlertEngine, Readings | None]:
    allowed, renderer = site.settings.history.readings, Renderer(content.folder("templates"))
    if not allowed.disk_mib:
        return AlertEngine(site.library.rules, renderer), None
    shelf = Shelf(site.settings.readings_directory, Allowance(allowed.age, allowed.disk_mib * 1024 * 1024))
    readings = Readings(shelf, site.clock, RecordingMetrics(shared.metrics.registry))
    engine = RecordedEngine(site.library.rules, renderer, readings.record, site.clock)
    readings.connect(engine.standing)
    return engine, readings


def _remembering(site: _Site, alerts: AlertEngine) -> Remembering:
    targets = {watch.target.id: watch.target for watch in site.watches}
    return Remembering(site.settings.readings_directory, lambda: alerts.rules, targets, site.clock)


def _instruments(site: _Site) -> _Instruments:
    """Make the shared instruments and declare every metric that may come, before the first sample."""
    clock = site.clock
    shared = _Instruments(
        Families(site.settings.instance_label_name),
        MemoryHistory(bounds(site.settings)),
        AgentMetrics(clock.now()),
        OpenEvents(),
        Feed(),
    )
    for provider in site.library.providers.values():
        _declare(provider, shared)
    for watch in site.watches:
        specs = [spec for probe in watch.probes for spec in probe.spec.metrics]
        declarations.check_target(watch.target, shared.families.label_of(watch.provider.target_label), specs)
    shared.metrics.watch(
        Watched(
            series=lambda: shared.families.series_count(clock.monotonic()),
            history_series=lambda: shared.history.series_count,
            history_samples=lambda: shared.history.sample_count,
            history_dropped=lambda: shared.history.dropped,
            refused=lambda: shared.families.refused,
        )
    )
    shared.feed.listen(shared.metrics.noticed)
    shared.feed.listen(logs.tell)
    shared.feed.listen(lambda notice: _count_run(shared.metrics, notice))
    return shared


def bounds(settings: Settings) -> Bounds:
    """Give how much the history keeps."""
    return Bounds(settings.history.age, settings.history.memory_mib * 1024 * 1024)


def _declare(provider: Provider, shared: _Instruments) -> None:
    specs = [spec for collector in provider.collectors() for spec in collector.spec.metrics]
    for declared in (specs, health.specs(provider.metric_prefix)):
        shared.families.declare(provider.target_label, declared)
        shared.history.declare(provider.target_label, declared)


def _count_run(metrics: AgentMetrics, notice: Notice) -> None:
    noun, _, word = notice.kind.partition(".")
    if noun == "run" and word in set(RunState):
        metrics.run_entered(RunState(word))


def _collectors(providers: Mapping[str, Provider]) -> Mapping[str, str]:
    """Map each schema to the collector that gives its records."""
    specs = [collector.spec for provider in providers.values() for collector in provider.collectors()]
    return {schema.name: spec.name for spec in specs for schema in spec.schemas}


def _application(
    site: _Site, shared: _Instruments, store: Store, poller: Poller, desk: AgentDesk, front: WebConfig, guests: _Guests
) -> Starlette:
    def page_of(target: str) -> Pieces:
        return lambda form: exposition.of_target(shared.families, target, site.clock.monotonic(), form)

    file = site.settings.web_config
    users = Users(file, front.basic_auth_users) if file else nobody
    door = web.Door(users, front.http_server_config.headers)
    views = web.Views(
        metrics=lambda form: exposition.pieces(shared.families, shared.metrics, site.clock.monotonic(), form),
        targets=poller.status,
        faults=lambda: _faults(site.library),
        warnings=guests.warnings,
        probe=Probe(Prober(poller, site.clock).refresh, page_of),
        rules=RulesView(lambda: desk.explainer.engine.rules, desk.explainer.engine.alerts, desk.explainer.explain),
    )
    if not site.settings.mcp.enabled:
        return web.build(views, door=door, webhook=guests.webhook, reload=guests.reload, stop_runs=guests.stop_runs)
    offered = mcp.build(desk, authenticate=store.tokens.authenticate, writes=True, clock=site.clock)
    guest = mcp.http_app(offered, allowed_hosts=list(site.settings.mcp.allowed_hosts))
    return web.build(
        views,
        mcp=guest,
        lifespan=guest.lifespan,
        door=door,
        webhook=guests.webhook,
        reload=guests.reload,
        stop_runs=guests.stop_runs,
    )


def _faults(library: Library) -> Sequence[str]:
    return [f"provider {name} is unavailable: {reason}" for name, reason in library.providers.unavailable.items()]


def _refuse_broken(library: Library) -> None:
    """A broken remediation that a rule names was refused with the rule; another one must not stop the watching."""
    if library.providers.unavailable and not library.providers:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in library.providers.unavailable.items())
        raise ConfigurationError(f"no provider can be used: {reasons}", hint="Install what the reasons name.")
