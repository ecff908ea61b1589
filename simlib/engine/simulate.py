"""One replication of one design: a scenario made into a network, run, and returned as records."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from simlib.engine.costs import OwnCosts
from simlib.engine.database import STORE, database_costs, database_handler, database_host, database_path
from simlib.engine.demand import Demand, draw_demand, pick
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.journey import Journey
from simlib.engine.needs import check_profile
from simlib.engine.network import Host, Network, Path, run_network
from simlib.engine.observing import observed_request, observed_validation
from simlib.engine.population import ObservedTokens, Population
from simlib.scenario.design import Design
from simlib.scenario.effects import Call, Flow
from simlib.scenario.errors import InputError
from simlib.scenario.messages import HttpRequest, StoreGet, StorePut, StoreRequest
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink, Sink
from simlib.scenario.variates import Variates
from simlib.scenario.verdict import Verdict
from simlib.scenario.world import Link
from simlib.services import ENDPOINTS, Api, AuthorizationServer, api, claim_names, digest_of, user_claims
from simlib.stores import STORES, TokenStore
from simlib.strategies import CATALOGUE, Bearer, Credentials, Deployment, Grant, Issuer, Presented, Validator
from simlib.tokens import KeySet, generate_signing_key

CLIENT, SERVICE, AUTHORIZATION_SERVER = "client", "service", "authorization_server"

BYTES_PER_REQUEST = 1_600
"""Memory that one simulated request takes while it is a row, its calls and its variates (measured, rounded up)."""


BYTES_PER_USER, BYTES_PER_REVOCATION = 100, 1_000


def simulate(
    scenario: Scenario,
    design: str,
    replication: int = 0,
    *,
    sink: Sink | None = None,
    progress: Callable[[float], None] | None = None,
) -> Records:
    """Run one replication of one design; ``progress`` is told the share that is done.

    Raises InputError for an unknown design, a run beyond its memory budget, or a profile without a needed operation.
    """
    chosen = scenario.design(design)
    check_budget(scenario)
    variates = Variates(scenario.run.seed, replication)
    store = STORES["dict" if scenario.world.store.kind == "database" else scenario.world.store.kind]()
    try:
        sink = sink or MemorySink()
        run = _Deployed(scenario, chosen, variates, store, sink)
        return run_network(
            run.network(),
            run.demand.times if run.demand.cycles is None else run.demand.cycles,
            scenario.horizon_s,
            variates,
            warm_up=scenario.run.warm_up_s,
            form=scenario.run.station_form,
            remember_verified=scenario.run.remember_verified,
            detail=scenario.run.detail,
            sink=sink,
            progress=progress,
        )
    finally:
        store.close()


def check_budget(scenario: Scenario) -> None:
    """Refuse a run that would not fit into its memory budget, whose warm-up outlasts it, or without needed costs."""
    check_profile(scenario)
    requests, users = scenario.expected_requests, scenario.world.population.users
    revocations = scenario.world.revocations.rate * scenario.horizon_s
    needed = (requests * BYTES_PER_REQUEST + users * BYTES_PER_USER + revocations * BYTES_PER_REVOCATION) / 1e6
    if needed > scenario.run.memory_budget_mb:
        raise InputError(
            f"{scenario.name}: about {requests:,.0f} requests, {users:,} users and {revocations:,.0f} revocations need "
            f"{needed:,.0f} MB, more than run.memory_budget_mb = {scenario.run.memory_budget_mb}; lower the rate, "
            "run.length_s, the copies or the users, or raise the budget"
        )
    if scenario.run.warm_up_s >= scenario.horizon_s:
        raise InputError(
            f"{scenario.name}: run.warm_up_s: {scenario.run.warm_up_s:g} s of warm-up leave nothing of a run of "
            f"{scenario.horizon_s:g} s; lower the warm-up or the speed-up"
        )


class _Deployed:
    """The parts of one design, set up in one world."""

    def __init__(self, scenario: Scenario, design: Design, variates: Variates, store: TokenStore, sink: Sink) -> None:
        self.scenario = scenario
        self.world = scenario.world
        self.design = design
        self.variates = variates
        self.store = store
        self.database = scenario.world.store.database
        self.demand: Demand = draw_demand(scenario, variates)
        self.deployment = self._deployment()
        self.validator: Validator = self._part(SERVICE)
        self.issuer: Issuer = self._part(AUTHORIZATION_SERVER)
        self.presenter: Bearer = self._part(CLIENT)
        self.population = Population(
            self.demand,
            variates,
            self.issuer,
            self.presenter,
            store,
            self.deployment.client,
            self.deployment.scope,
            sink.writer("tokens"),
        )
        self.revocation_row = sink.writer("revocations")
        self.asked_to_revoke: dict[str, tuple[int, int, float]] = {}
        self.server = self._server()

    # --- parts ---------------------------------------------------------------------------------------------------

    def _part(self, place: str) -> Any:
        chosen = self.design.parts[place]
        kind: Any = CATALOGUE[place][chosen.part]
        return kind(chosen.settings, self.deployment)

    def _deployment(self) -> Deployment:
        information = self.world.user_information
        return Deployment(
            issuer=self.world.authorization_server.issuer,
            audience=self.world.service.audience,
            scope=self.world.service.scope,
            token_lifetime_s=self.design.token_lifetime_s,
            user_information=self.design.user_information,
            resource_server=self._credentials("resource-server"),
            client=self._credentials("client"),
            user_claims=lambda subject: user_claims(subject, information.claims, information.value_bytes),
            make_key=lambda algorithm: generate_signing_key(algorithm, "2026-01"),
        )

    def _credentials(self, client_id: str) -> Credentials:
        return Credentials(client_id, self.variates.random_bytes(f"secret.{client_id}", 0, 32).hex())

    def _server(self) -> AuthorizationServer:
        known = (self.deployment.resource_server, self.deployment.client)
        signing_keys = self.issuer.keys()
        keys = KeySet(tuple(key.verification_key for key in signing_keys))
        return AuthorizationServer(
            issuer=self.deployment.issuer,
            tokens=ObservedTokens(self.issuer, self.population, self._revoked),
            clients={c.client_id: digest_of(c.client_secret) for c in known},
            may_introspect=frozenset({self.deployment.resource_server.client_id}),
            user_claims=self.deployment.user_claims,
            answers_with_claims=self.deployment.user_information == "introspection",
            jwks=keys.to_jwks,
            make_grant=Grant,
        )

    # --- hosts and links -----------------------------------------------------------------------------------------

    def network(self) -> Network:
        """The network of this design."""
        world, replicas = self.world, self.design.replicas
        service = Host(
            SERVICE,
            world.service.workers,
            replicas[SERVICE],
            world.service.discipline,
            threads=world.service.threads,
        )
        server = world.authorization_server
        endpoints: dict[str, Any] = {
            target: (AUTHORIZATION_SERVER, partial(self._bind_endpoint, endpoint))
            for target, endpoint in ENDPOINTS.items()
        }
        hosts_apart = () if self.database is None else (database_host(self.database),)
        stored_costs = {} if self.database is None else database_costs(self.database)
        stored = {} if self.database is None else {STORE: (STORE, lambda _: database_handler(self.store))}
        return Network(
            hosts=(
                Host(CLIENT, None),
                service,
                Host(
                    AUTHORIZATION_SERVER,
                    server.workers,
                    replicas[AUTHORIZATION_SERVER],
                    discipline=server.discipline,
                ),
                *hosts_apart,
            ),
            entry=(CLIENT, self._bind_entry),
            costs=OwnCosts({"service.work": world.service.work, **stored_costs}, self.scenario.profile),
            paths=self._paths(),
            handlers={"api": (SERVICE, self._bind_api), **endpoints, **stored},
            local={} if self.database else {STORE: InProcess(self._store_operation, self.store.execute)},
            charge_calls=True,
            after=tuple(self._revocations()),
            journeys=self._journey,
        )

    def _paths(self) -> tuple[Path, ...]:
        network = self.world.network
        ends: tuple[tuple[str, str, Link], ...] = (
            (CLIENT, SERVICE, network.client_to_service),
            (CLIENT, AUTHORIZATION_SERVER, network.client_to_authorization_server),
            (SERVICE, AUTHORIZATION_SERVER, network.service_to_authorization_server),
        )
        apart = () if self.database is None else (database_path(self.database, AUTHORIZATION_SERVER),)
        return apart + tuple(
            Path(
                caller,
                callee,
                link.round_trip,
                link.bandwidth,
                link.connections,
                link.keep_alive_s,
                link.connect_round_trips,
                network.request_head_bytes,
                network.reply_head_bytes,
            )
            for caller, callee, link in ends
        )

    def _store_operation(self, request: StoreRequest) -> str:
        verb = "get" if isinstance(request, StoreGet) else "put" if isinstance(request, StorePut) else "revoke"
        return f"store.{self.world.store.kind}.{verb}"

    def _bind_endpoint(self, endpoint: Any, ctx: HostContext) -> Handler:
        return lambda request: endpoint(ctx, request, self.server)

    def _bind_api(self, ctx: HostContext) -> Handler:
        state = self.validator.initial_state()
        scope = self.deployment.scope

        def validate(token: str) -> Flow[Verdict]:
            flow = self.validator.validate(ctx, state, Presented(token, scope))
            return observed_validation(flow, ctx.replica, self.population.token_id(token))

        resource = Api(
            validate,
            self.deployment.user_information == "userinfo",
            claim_names(1)[0],
            bytes(self.world.service.reply_bytes),
        )
        return lambda request: api(ctx, request, resource)

    def _bind_entry(self, ctx: HostContext) -> Handler:
        def entry(journey: Journey) -> Flow[Any]:
            state = self.population.client(journey.user)
            return observed_request(self.presenter.request(ctx, state, journey.user_information), ctx, journey)

        return entry

    def _journey(self, request: int, arrival: float) -> Journey:
        demand = self.demand
        return Journey(request, int(demand.users[request]), arrival, bool(demand.needs_user_information[request]))

    # --- revocations ---------------------------------------------------------------------------------------------

    def _revocations(self) -> list[tuple[float, str, Callable[[], Flow[Any]]]]:
        """Revocations come as a Poisson stream and hit users in proportion to their requests."""
        rate, horizon = self.world.revocations.rate, self.scenario.horizon_s
        if rate == 0:
            return []
        count = int(rate * horizon + 6 * np.sqrt(rate * horizon) + 20)
        gaps = -np.log1p(-self.variates.column("revocation.gap", count)) / rate
        times = np.cumsum(gaps)
        users = pick(self.demand.rates, self.variates.column("revocation.user", count))
        return [
            (time, CLIENT, partial(self._revoke, number, user, time))
            for number, (time, user) in enumerate(zip(times.tolist(), users.tolist(), strict=True))
            if time < horizon
        ]

    def _revoke(self, number: int, user: int, asked: float) -> Flow[None]:
        """The user's token is reported stolen; whoever has it goes on presenting it."""
        held = self.population.client(user).held
        if held is None or held.expires_at <= asked:
            return
        self.asked_to_revoke[held.token] = (number, user, asked)
        form = f"token={held.token}&token_type_hint=access_token".encode()
        yield Call("revoke", HttpRequest(self.presenter.authorization, form))

    def _revoked(self, token: str, effective: float) -> None:
        number, user, asked = self.asked_to_revoke[token]
        self.revocation_row((number, self.population.token_id(token), user, asked, effective))
