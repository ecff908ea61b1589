"""Description of a world for readers: its load, users, hosts, links and faults as terms and short texts.

Without dates, paths and addresses, so that equal runs have equal descriptions.
"""

from collections.abc import Iterator

from simlib.scenario.distributions import Distribution
from simlib.scenario.faults import Fault
from simlib.scenario.hosts import Database, HttpServer, InnerService, Link
from simlib.scenario.loads import ClosedLoad, ReplayLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import World

Terms = list[tuple[str, str]]
RENEWAL = (
    "its expires_in after the token request; servers send whole seconds, rounded down (RFC 6749 section 5.1), so it is "
    "renewed up to 1 s early, and never used too late (assumption)"
)
"""For `client-expires-in` of data/evidence/parameters.csv; ``refresh_before_s`` of a design is added to it."""


def describe_world(scenario: Scenario) -> Terms:
    """Terms of the world of a scenario, without parts that it does not have."""
    world = scenario.world
    return [
        ("load", describe_load(scenario)),
        ("users", describe_users(scenario)),
        ("end of a token at its client", RENEWAL),
        *_describe_clients(world),
        *_describe_regions(world),
        *_describe_servers(world),
        *_describe_stores(world),
        *_describe_links(world),
        *_describe_requests(world),
        ("revocations", f"{world.revocations.rate:g} per second"),
        *describe_faults(world),
    ]


def _describe_clients(world: World) -> Iterator[tuple[str, str]]:
    for client in world.clients:
        approval = "" if client.approval is None else f"; approved after {client.approval.mean():,.6g} s in the mean"
        length = f"sessions of {client.session.mean():,.6g} s in the mean ({client.session.kind})"
        yield f"clients: {format_name(client.kind)}", f"{client.share:.4g} of the users; {length}{approval}"


def _describe_regions(world: World) -> Iterator[tuple[str, str]]:
    regions = world.regions
    if regions is None:
        return
    shares = (f"{name} {share:.4g} of the users" for name, share in zip(regions.names, regions.shares, strict=True))
    yield "regions", ", ".join(shares)
    for pair, law in regions.round_trips.items():
        yield f"between regions, {pair}", f"round trip {describe_distribution(law)}"
    if regions.roaming_share:
        yield "requests from another region", f"{regions.roaming_share:.4g} of all"


def _describe_servers(world: World) -> Iterator[tuple[str, str]]:
    service, server = world.service, world.authorization_server
    if world.gateway is not None:
        yield "work of the gateway per request", describe_distribution(world.gateway.work)
        yield "workers per gateway replica", _describe_workers(world.gateway)
    yield "work of the API per request", describe_distribution(service.work)
    yield "workers per resource server replica", _describe_workers(service)
    if service.calls:
        yield "calls for every request", ", ".join(_list_calls(world, service.calls))
    for name, inner in world.inner_services.items():
        yield (
            f"inner service {name}",
            f"work {describe_distribution(inner.work)}; {_describe_workers(inner)}; {_describe_reply(inner)}",
        )
    yield "workers per authorization server replica", f"{server.workers}, {format_name(server.discipline)}"
    if server.rate_limit is not None:
        limit = server.rate_limit
        text = f"{limit.requests_per_s:g} requests per second and caller, bursts of {limit.burst:,}"
        yield "rate limit of each replica", text


def _list_calls(world: World, names: tuple[str, ...]) -> Iterator[str]:
    """Services in the order of their calls, each with the services that it calls in brackets."""
    for name in names:
        further = world.inner_services[name].calls
        yield f"{name} ({', '.join(_list_calls(world, further))})" if further else name


def _describe_workers(host: HttpServer) -> str:
    threads = "" if host.threads is None else f", {host.threads} threads"
    limit = host.header_limit_bytes
    limited = "" if limit is None else f", headers up to {limit:,} B"
    return f"{host.workers}, {format_name(host.discipline)}{threads}{limited}"


def _describe_reply(inner: InnerService) -> str:
    return f"{inner.reply_bytes:,} B reply body"


def _describe_stores(world: World) -> Iterator[tuple[str, str]]:
    database = world.store.database
    yield "token store", world.store.kind + ("" if database is None else f"; {_describe_database(database)}")
    if world.shared_store is not None:
        yield "shared store", _describe_database(world.shared_store)


def _describe_database(database: Database) -> str:
    workers = f"{database.workers} worker{'' if database.workers == 1 else 's'}"
    costs = f"work {describe_distribution(database.work)}, a call {describe_distribution(database.call)}"
    return f"{workers}; {costs}; {describe_link(database.link)}"


def _describe_links(world: World) -> Iterator[tuple[str, str]]:
    network = world.network
    yield "client to resource server", describe_link(network.client_to_service)
    yield "client to authorization server", describe_link(network.client_to_authorization_server)
    yield "resource to authorization server", describe_link(network.service_to_authorization_server)
    if world.gateway is not None or world.inner_services:
        yield "between gateway and services", describe_link(network.internal_link)


def _describe_requests(world: World) -> Iterator[tuple[str, str]]:
    network, service, information = world.network, world.service, world.user_information
    yield (
        "message heads and reply",
        f"{network.request_head_bytes:,} B request, {network.reply_head_bytes:,} B reply, {_describe_reply(service)}",
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


def describe_load(scenario: Scenario) -> str:
    """The load: process and rate of the requests."""
    load, trace = scenario.world.load, scenario.trace
    if isinstance(load, ClosedLoad):
        return f"closed: each user waits for the answer, then thinks {describe_distribution(load.think)}"
    if not isinstance(load, ReplayLoad) or trace is None:
        rate = 0.0 if isinstance(load, ReplayLoad) else load.arrival_rate
        return f"{_LOADS[load.kind]}, {rate:g} requests per second"
    return (
        f"replay of {trace.source} ({len(trace.times):,} requests, {trace.broken:,} broken lines), speed-up "
        f"{load.speed_up:g}, {load.copies} cop{'y' if load.copies == 1 else 'ies'}: "
        f"{scenario.expected_requests / scenario.horizon_s:.4g} requests per second"
    )


def describe_users(scenario: Scenario) -> str:
    """Number of users: those of a replayed log where it names them."""
    load, trace = scenario.world.load, scenario.trace
    if trace is not None and trace.users_count and isinstance(load, ReplayLoad):
        return f"{trace.users_count * load.copies:,}, as in the log"
    population = scenario.world.population
    return f"{population.users:,}, Zipf exponent {population.zipf_exponent:g}"


def describe_distribution(distribution: Distribution) -> str:
    """Kind and parameters in milliseconds."""
    values = distribution.model_dump(exclude={"kind"})
    if distribution.kind == "quantiles":
        return f"{len(values['values_s'])} quantiles, mean {distribution.mean() * 1e3:.4g} ms"
    parameters = ", ".join(f"{name.removesuffix('_s')} {value * 1e3:.4g} ms" for name, value in values.items())
    return f"{distribution.kind}, {parameters}"


def describe_link(link: Link) -> str:
    """Round trip and connections of a link."""
    parts = [f"round trip {describe_distribution(link.round_trip)}"]
    if link.bandwidth is not None:
        parts.append(f"{link.bandwidth:,.4g} B/s")
    if link.connections is not None:
        parts.append(f"at most {link.connections} connections per replica")
    if link.keep_alive_s is not None:
        parts.append(f"kept alive {link.keep_alive_s:g} s")
    return "; ".join(parts)


def format_name(name: str) -> str:
    """A key of the scenario file as words."""
    return name.replace("_", " ")


_TIMES = ("at_s", "length_s", "mean_between_s", "mean_length_s", "kind")


def describe_faults(world: World) -> Iterator[tuple[str, str]]:
    """One term per fault."""
    for name, fault in world.faults.items():
        yield (
            f"fault {format_name(name)}",
            ", ".join([format_name(fault.kind), *_describe_settings(fault), _describe_schedule(fault)]),
        )


def _describe_settings(fault: Fault) -> Iterator[str]:
    for name, value in fault.model_dump(exclude_none=True).items():
        if name not in _TIMES and value is not False:
            yield _describe_setting(format_name(name.removesuffix("_s")), value, " s" if name.endswith("_s") else "")


def _describe_setting(name: str, value: object, unit: str) -> str:
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {' and '.join(value)}"
    return f"{name} {value:g}{unit}" if isinstance(value, float) else f"{name} {value}"


def _describe_schedule(fault: Fault) -> str:
    length, mean = getattr(fault, "length_s", None), getattr(fault, "mean_length_s", None)
    if fault.is_random:
        lasting = "" if mean is None else f" for {mean:g} s"
        return f"every {fault.mean_between_s:g} s{lasting} in the mean"
    return f"at {fault.at_s:g} s" + ("" if length is None else f" for {length:g} s")
