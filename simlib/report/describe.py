"""The world of a scenario told to a reader, as terms and short texts.

The designs and the run of a scenario told to a reader, as terms and short texts. No dates, paths or addresses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from simlib.analysis.metrics import METRICS
from simlib.decision import LimitCheck, Promised, Verdicts
from simlib.decision.promises import told_seconds
from simlib.report.describe_values import spoken, told_distribution, told_faults, told_link
from simlib.report.run_record import profile_sha256, versions
from simlib.scenario.design import Admission, Chosen, Design, RefreshPolicy
from simlib.scenario.hosts import SERVICE, Database, InnerService, Listening, kind_of
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


_HOSTS = {
    "service": "resource server",
    "inner_service": "inner services",
    "downstream": "calls to inner services",
    "authorization_server": "authorization server",
}
_ALWAYS_TOLD = ("service", "authorization_server")


def told_designs(verdicts: Verdicts) -> list[dict[str, Any]]:
    """Every design with the keys that the page shows."""
    return [_design(design, verdicts.comparison.forms[name]) for name, design in verdicts.scenario.designs.items()]


def _design(design: Design, forms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": design.name,
        "title": design.title,
        "token": _token(design),
        "parts": [_part(place, chosen, design.presets.get(place, "")) for place, chosen in design.parts.items()]
        + [_part("around them", chosen) for chosen in design.wrappers]
        + [_door(host, admission) for host, admission in design.admission.items()]
        + [f"{spoken(kind)} clients sign in by {spoken(flow)}" for kind, flow in design.flows.items()],
        "replicas": ", ".join(
            f"{_HOSTS.get(host, host)} {number}"
            for host, number in design.replicas.items()
            if host in design.parts or host in _ALWAYS_TOLD
        ),
        "stations": ", ".join(dict.fromkeys(f"{_host(host)} {spoken(form)}" for host, form in sorted(forms.items()))),
    }


def _token(design: Design) -> str:
    told = [f"lives {design.token_lifetime_s:g} s", f"user information from {design.user_information}"]
    if design.refresh != RefreshPolicy():
        rotated = ", each good for one use" if design.refresh.rotation else ""
        told.append(f"refresh tokens live {design.refresh.lifetime_s:,.10g} s{rotated}")
    if design.max_revocation_lag_s is not None:
        told.append(f"may overlook a revocation for {design.max_revocation_lag_s:g} s")
    return "; ".join(told)


def _host(name: str) -> str:
    """A host of the records, whatever its region."""
    host = name.partition("@")[0]
    own, _, inner = host.partition("/")
    if kind_of(name) == SERVICE and inner:
        return f"inner service {inner}"
    return _HOSTS.get(own, spoken(own))


def _part(place: str, chosen: Chosen, preset: str = "") -> str:
    settings = ", ".join(f"{name} {_value(value)}" for name, value in asdict(chosen.settings).items())
    named = f"{chosen.part} as preset {preset} has it" if preset else chosen.part
    return f"{_HOSTS.get(place, spoken(place))}: {named}" + (f" ({settings})" if settings else "")


def _door(host: str, admission: Admission) -> str:
    again = "" if admission.retry_after_s is None else f", to come again after {admission.retry_after_s:g} s"
    return f"{_HOSTS.get(host, spoken(host))}: at most {admission.limit} requests at a time, more get 503{again}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def told_run(scenario: Scenario) -> Terms:
    """How the scenario was looked at."""
    run = scenario.run
    return [
        ("simulated seconds per run", f"{scenario.horizon_s:,.6g}, of which {run.warm_up_s:g} are warm-up"),
        ("requests per run, expected", f"{scenario.expected_requests:,.0f}"),
        ("replications per design", str(run.replications)),
        ("seed", str(run.seed)),
        ("station form", run.station_form),
        ("times of real operations", run.timing),
        ("host noise", spoken(run.host_noise)),
    ]


def told_provenance(scenario: Scenario) -> Terms:
    """What the numbers rest on; only what is equal when the run is repeated."""
    terms = [("simlib", versions()["simlib"]), ("cost profile", scenario.profile.name)]
    digest = profile_sha256(scenario)
    if digest is not None:
        terms.append(("cost profile, sha256", digest))
    measured = ("machine", "date", "python", "pyjwt", "cryptography", "openssl")
    terms += [
        (f"profile measured: {key}", scenario.profile.about[key]) for key in measured if key in scenario.profile.about
    ]
    if scenario.trace is not None:
        terms += [("trace", scenario.trace.source), ("trace, sha256", scenario.trace.sha256)]
    return terms


def told_limits(verdicts: Verdicts) -> list[dict[str, Any]]:
    """One row per limit, with the word of every design in their order."""
    names = dict.fromkeys(check.metric.name for check in verdicts.limits)
    return [_limit([check for check in verdicts.limits if check.metric.name == name]) for name in names]


def _limit(checks: list[LimitCheck]) -> dict[str, Any]:
    metric = METRICS[checks[0].metric.name]
    most = f"{float(f'{checks[0].limit * metric.factor:.6g}'):,g} {metric.shown_unit}".rstrip()
    return {"label": metric.label, "most": most, "words": [check.word for check in checks]}


def told_promises(promises: Mapping[str, Promised]) -> list[dict[str, Any]]:
    """One row per design: what it promises about expired and about revoked tokens, and what to mind."""
    return [
        {
            "name": name,
            "after_expiry": told_seconds(own.after_expiry_s),
            "after_revocation": told_seconds(own.after_revocation_s),
            "marks": own.marks,
        }
        for name, own in promises.items()
    ]
