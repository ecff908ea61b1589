"""Description of a scenario for readers: world, designs, run, limits and bounds as terms and short texts.

Without dates, paths and addresses, so that equal runs have equal descriptions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from simlib.analysis.metrics import METRICS
from simlib.decision import LimitCheck, ValidityBounds, Verdicts
from simlib.decision.promises import format_seconds
from simlib.report.describe_values import describe_distribution, describe_faults, describe_link, format_name
from simlib.report.run_record import collect_versions, hash_profile
from simlib.scenario.design import Admission, ChosenPart, Design, RefreshPolicy
from simlib.scenario.hosts import SERVICE, Database, HttpServer, InnerService, find_host_kind
from simlib.scenario.loads import ClosedLoad, ReplayLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import World

Terms = list[tuple[str, str]]


def describe_world(scenario: Scenario) -> Terms:
    """Terms of the world of a scenario, without parts that it does not have."""
    world = scenario.world
    return [
        ("load", describe_load(scenario)),
        ("users", describe_users(scenario)),
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


_HOSTS = {
    "service": "resource server",
    "inner_service": "inner services",
    "downstream": "calls to inner services",
    "authorization_server": "authorization server",
}
_ALWAYS_LISTED = ("service", "authorization_server")


def describe_designs(verdicts: Verdicts) -> list[dict[str, Any]]:
    """Every design with the keys that the page uses."""
    return [
        _describe_design(design, verdicts.comparison.forms[name]) for name, design in verdicts.scenario.designs.items()
    ]


def _describe_design(design: Design, forms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": design.name,
        "title": design.title,
        "token": _describe_token(design),
        "parts": [
            _describe_part(place, chosen, design.presets.get(place, "")) for place, chosen in design.parts.items()
        ]
        + [_describe_part("wrapper", chosen) for chosen in design.wrappers]
        + [_describe_admission(host, admission) for host, admission in design.admission.items()]
        + [f"{format_name(kind)} clients sign in by {format_name(flow)}" for kind, flow in design.flows.items()],
        "replicas": ", ".join(
            f"{_HOSTS.get(host, host)} {number}"
            for host, number in design.replicas.items()
            if host in design.parts or host in _ALWAYS_LISTED
        ),
        "stations": ", ".join(
            dict.fromkeys(f"{_name_host(host)} {format_name(form)}" for host, form in sorted(forms.items()))
        ),
    }


def _describe_token(design: Design) -> str:
    parts = [f"lives {design.token_lifetime_s:g} s", f"user information from {design.user_information}"]
    if design.refresh != RefreshPolicy():
        rotated = ", each good for one use" if design.refresh.rotation else ""
        parts.append(f"refresh tokens live {design.refresh.lifetime_s:,.10g} s{rotated}")
    if design.max_revocation_lag_s is not None:
        parts.append(f"may accept a revoked token for {design.max_revocation_lag_s:g} s")
    return "; ".join(parts)


def _name_host(name: str) -> str:
    """Name of a host in the records, without its region."""
    host = name.partition("@")[0]
    kind, _, service = host.partition("/")
    if find_host_kind(name) == SERVICE and service:
        return f"inner service {service}"
    return _HOSTS.get(kind, format_name(kind))


def _describe_part(place: str, chosen: ChosenPart, preset: str = "") -> str:
    settings = ", ".join(f"{name} {_format_value(value)}" for name, value in asdict(chosen.settings).items())
    name = f"{chosen.part} with the settings of preset {preset}" if preset else chosen.part
    return f"{_HOSTS.get(place, format_name(place))}: {name}" + (f" ({settings})" if settings else "")


def _describe_admission(host: str, admission: Admission) -> str:
    again = "" if admission.retry_after_s is None else f" with Retry-After {admission.retry_after_s:g} s"
    name = _HOSTS.get(host, format_name(host))
    return f"{name}: at most {admission.limit} concurrent requests, then 503{again}"


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def describe_run(scenario: Scenario) -> Terms:
    """Terms of the run: length, replications, seed."""
    run = scenario.run
    return [
        ("simulated seconds per run", f"{scenario.horizon_s:,.6g}, of which {run.warm_up_s:g} are warm-up"),
        ("requests per run, expected", f"{scenario.expected_requests:,.0f}"),
        ("replications per design", str(run.replications)),
        ("seed", str(run.seed)),
        ("station form", run.station_form),
        ("times of real operations", run.timing),
        ("host noise", format_name(run.host_noise)),
    ]


def describe_provenance(scenario: Scenario) -> Terms:
    """Sources of the numbers, as far as they are equal when the run is repeated."""
    terms = [("simlib", collect_versions()["simlib"]), ("cost profile", scenario.profile.name)]
    digest = hash_profile(scenario)
    if digest is not None:
        terms.append(("cost profile, sha256", digest))
    measured = ("machine", "date", "python", "pyjwt", "cryptography", "openssl")
    terms += [
        (f"profile measured: {key}", scenario.profile.about[key]) for key in measured if key in scenario.profile.about
    ]
    if scenario.trace is not None:
        terms += [("trace", scenario.trace.source), ("trace, sha256", scenario.trace.sha256)]
    return terms


def describe_limits(verdicts: Verdicts) -> list[dict[str, Any]]:
    """One row per limit, with the verdict on every design in their order."""
    names = dict.fromkeys(check.metric.name for check in verdicts.limits)
    return [_describe_limit([check for check in verdicts.limits if check.metric.name == name]) for name in names]


def _describe_limit(checks: list[LimitCheck]) -> dict[str, Any]:
    metric = METRICS[checks[0].metric.name]
    most = f"{float(f'{checks[0].limit * metric.factor:.6g}'):,g} {metric.display_unit}".rstrip()
    return {"label": metric.label, "most": most, "words": [check.word for check in checks]}


def describe_promises(promises: Mapping[str, ValidityBounds]) -> list[dict[str, Any]]:
    """One row per design: bounds for expired and for revoked tokens, and marks."""
    return [
        {
            "name": name,
            "after_expiry": format_seconds(bounds.after_expiry_s),
            "after_revocation": format_seconds(bounds.after_revocation_s),
            "marks": bounds.marks,
        }
        for name, bounds in promises.items()
    ]
