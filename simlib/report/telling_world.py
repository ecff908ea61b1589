"""The world of a scenario told to a reader, as terms and short texts."""

from collections.abc import Iterator

from simlib.report.telling_faults import told_faults
from simlib.report.told_values import spoken, told_distribution, told_link
from simlib.scenario.hosts import Database, InnerService, Listening
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ClosedLoad, ReplayLoad, World

Terms = list[tuple[str, str]]


def told_world(scenario: Scenario) -> Terms:
    """The world of a scenario; what it does not have is left out."""
    world = scenario.world
    return [
        ("load", told_load(scenario)),
        ("users", told_users(scenario)),
        *_clients(world),
        *_regions(world),
        *_servers(world),
        *_stores(world),
        *_links(world),
        *_requests(world),
        ("revocations", f"{world.revocations.rate:g} per second"),
        *told_faults(world),
    ]


def _clients(world: World) -> Iterator[tuple[str, str]]:
    for client in world.clients:
        approval = "" if client.approval is None else f"; approved after {client.approval.mean():,.6g} s in the mean"
        length = f"sessions of {client.session.mean():,.6g} s in the mean ({client.session.kind})"
        yield f"clients: {spoken(client.kind)}", f"{client.share:.4g} of the users; {length}{approval}"


def _regions(world: World) -> Iterator[tuple[str, str]]:
    regions = world.regions
    if regions is None:
        return
    shares = (f"{name} {share:.4g} of the users" for name, share in zip(regions.names, regions.shares, strict=True))
    yield "regions", ", ".join(shares)
    for pair, law in regions.round_trips.items():
        yield f"between regions, {pair}", f"round trip {told_distribution(law)}"
    if regions.roaming_share:
        yield "requests away from home", f"{regions.roaming_share:.4g} of all"


def _servers(world: World) -> Iterator[tuple[str, str]]:
    service, server = world.service, world.authorization_server
    if world.gateway is not None:
        yield "work of the gateway per request", told_distribution(world.gateway.work)
        yield "workers per gateway replica", _workers(world.gateway)
    yield "work of the API per request", told_distribution(service.work)
    yield "workers per resource server replica", _workers(service)
    if service.calls:
        yield "calls for every request", ", ".join(_called(world, service.calls))
    for name, inner in world.inner_services.items():
        yield f"inner service {name}", f"work {told_distribution(inner.work)}; {_workers(inner)}; {_reply(inner)}"
    yield "workers per authorization server replica", f"{server.workers}, {spoken(server.discipline)}"
    if server.rate_limit is not None:
        limit = server.rate_limit
        told = f"{limit.requests_per_s:g} requests per second and caller, bursts of {limit.burst:,}"
        yield "rate limit of each of them", told


def _called(world: World, names: tuple[str, ...]) -> Iterator[str]:
    """Services in the order of their calls, those that they call behind them in brackets."""
    for name in names:
        further = world.inner_services[name].calls
        yield f"{name} ({', '.join(_called(world, further))})" if further else name


def _workers(host: Listening) -> str:
    threads = "" if host.threads is None else f", {host.threads} threads"
    limit = host.header_limit_bytes
    limited = "" if limit is None else f", headers up to {limit:,} B"
    return f"{host.workers}, {spoken(host.discipline)}{threads}{limited}"


def _reply(inner: InnerService) -> str:
    return f"{inner.reply_bytes:,} B reply body"


def _stores(world: World) -> Iterator[tuple[str, str]]:
    database = world.store.database
    yield "token store", world.store.kind + ("" if database is None else f"; {_database(database)}")
    if world.shared_store is not None:
        yield "shared store", _database(world.shared_store)


def _database(database: Database) -> str:
    workers = f"{database.workers} worker{'' if database.workers == 1 else 's'}"
    costs = f"work {told_distribution(database.work)}, a call {told_distribution(database.call)}"
    return f"{workers}; {costs}; {told_link(database.link)}"


def _links(world: World) -> Iterator[tuple[str, str]]:
    network = world.network
    yield "client to resource server", told_link(network.client_to_service)
    yield "client to authorization server", told_link(network.client_to_authorization_server)
    yield "resource to authorization server", told_link(network.service_to_authorization_server)
    if world.gateway is not None or world.inner_services:
        yield "between gateway and services", told_link(network.inside)


def _requests(world: World) -> Iterator[tuple[str, str]]:
    network, service, information = world.network, world.service, world.user_information
    yield (
        "message heads and reply",
        f"{network.request_head_bytes:,} B request, {network.reply_head_bytes:,} B reply, {_reply(service)}",
    )
    yield (
        "user information",
        f"needed by {service.user_information_share:.4g} of the requests: {information.claims} claims of "
        f"{information.value_bytes} B",
    )
    if service.sensitive_share:
        yield "sensitive routes", f"{service.sensitive_share:.4g} of the requests"


_LOADS = {
    "poisson": "Poisson",
    "daily": "Poisson with a daily profile",
    "bursty": "bursty (two-state MMPP)",
    "replay": "replay",
}


def told_load(scenario: Scenario) -> str:
    """Where the requests come from."""
    load, trace = scenario.world.load, scenario.trace
    if isinstance(load, ClosedLoad):
        return f"closed: each user waits for the answer, then thinks {told_distribution(load.think)}"
    if not isinstance(load, ReplayLoad) or trace is None:
        rate = 0.0 if isinstance(load, ReplayLoad) else load.arrival_rate
        return f"{_LOADS[load.kind]}, {rate:g} requests per second"
    return (
        f"replay of {trace.source} ({len(trace.times):,} requests, {trace.broken:,} broken lines), speed-up "
        f"{load.speed_up:g}, {load.copies} cop{'y' if load.copies == 1 else 'ies'}: "
        f"{scenario.expected_requests / scenario.horizon_s:.4g} requests per second"
    )


def told_users(scenario: Scenario) -> str:
    """How many users there are: those of a replayed log where it names them."""
    load, trace = scenario.world.load, scenario.trace
    if trace is not None and trace.users_count and isinstance(load, ReplayLoad):
        return f"{trace.users_count * load.copies:,}, as in the log"
    population = scenario.world.population
    return f"{population.users:,}, Zipf exponent {population.zipf_exponent:g}"
