"""Required operations of a scenario: those of the cost profile that its runs charge, checked before anything runs."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.deployment.clients import PUBLIC
from simlib.deployment.parts import build_deployment_config
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.faults import MassLogout
from simlib.scenario.hosts import Link
from simlib.scenario.profile import MANY_CLAIMS
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind, World
from simlib.services import DEVICE_CODE, ENDPOINT_OPERATIONS, FAMILY_REVOCATION, GRANT_OPERATIONS, ROTATION
from simlib.strategies import CATALOGUE

CALLS = frozenset({"http.call_out", "http.call_in"})
CONNECTIONS = frozenset({"http.connect_out", "http.connect_in"})
TOKEN_ENDPOINT = ENDPOINT_OPERATIONS["token"] | GRANT_OPERATIONS["refresh_token"]
"""Operations of every refresh at the authorization server, beside the new token."""
REVOKING = frozenset({"token.hash", "store.put", "store.revoke"})
ROTATING = ROTATION | FAMILY_REVOCATION
"""A refresh token for one use, and the end of its family when it comes twice."""
BY_CODE = ENDPOINT_OPERATIONS["authorize"] | GRANT_OPERATIONS["authorization_code"] | FAMILY_REVOCATION
BY_DEVICE = (
    ENDPOINT_OPERATIONS["device_authorization"]
    | ENDPOINT_OPERATIONS["device_verification"]
    | GRANT_OPERATIONS[DEVICE_CODE]
    | FAMILY_REVOCATION
)
SIGNING_IN: Mapping[ClientKind, frozenset[str]] = MappingProxyType(
    {
        "web": BY_CODE,
        "spa": BY_CODE,
        "spa_bff": BY_CODE,
        "mobile": BY_CODE,
        "device": BY_DEVICE,
        "machine": GRANT_OPERATIONS["client_credentials"],
    }
)
"""Kind of client -> operations of its signing in at the authorization server, beside the new token."""
BACKEND = frozenset(
    {"cache.lookup", "claims.check", "form.decode", "form.encode", "json.decode", "json.encode", "token.hash"}
)
"""Operations of the backend of a single-page app, beside those of its presenter."""
IN_PROCESS = ("dict", "sqlite")


def check_profile(scenario: Scenario) -> None:
    """Raise InputError, naming design and operation, when the profile lacks what a design needs."""
    profile = scenario.profile
    for name, design in scenario.designs.items():
        for operation in sorted(list_needed_operations(scenario, design)):
            if profile.find_row(operation) is None:
                raise InputError(
                    f"{scenario.origin}: profile {profile.origin!r} has no operation "
                    f"{_name_missing(scenario, operation)!r}, which design {name!r} needs; "
                    "`simlib calibrate` measures all of them"
                )


def list_needed_operations(scenario: Scenario, design: Design) -> frozenset[str]:
    """The operations that runs of a design charge to the profile, as far as they follow from its settings."""
    world = scenario.world
    deployment = build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {})
    needed = CALLS | TOKEN_ENDPOINT
    for place, chosen in design.parts.items():
        needed |= CATALOGUE[place][chosen.part].list_operations(chosen.settings, deployment)
    for chosen in design.wrappers:
        needed |= CATALOGUE["wrappers"][chosen.part].list_operations(chosen.settings, deployment)
    if any(link.connections is not None for link in _list_links(world)):
        needed |= CONNECTIONS
    if world.revocations.rate > 0:
        needed |= REVOKING
    for client in world.clients:
        needed |= SIGNING_IN[client.kind]
    # The server rotates the refresh tokens of public clients whatever the design says (RFC 9700 section 2.2.2).
    if design.refresh.rotation or any(client.kind in PUBLIC for client in world.clients):
        needed |= ROTATING
    if world.backend is not None:
        needed |= BACKEND
    if any(isinstance(fault, MassLogout) for fault in world.faults.values()):
        needed |= REVOKING | {"store.get"}
    if world.authorization_server.rate_limit is not None:
        needed |= {"cache.lookup"}
    return frozenset(_name_store_operations(world.store.kind, needed))


def _list_links(world: World) -> tuple[Link, ...]:
    network = world.network
    links = (
        network.client_to_service,
        network.client_to_authorization_server,
        network.service_to_authorization_server,
        network.internal_link,
    )
    behind = [store.link for store in (world.store.database, world.shared_store) if store is not None]
    return (*links, *behind)


def _name_store_operations(kind: str, operations: frozenset[str]) -> list[str]:
    """With the store's name; the work of a store on a host of its own is no operation of the profile."""
    named = [name.replace("store.", f"store.{kind}.") for name in operations]
    return [name for name in named if kind in IN_PROCESS or not name.startswith("store.")]


def _name_missing(scenario: Scenario, operation: str) -> str:
    """The row that is not there: of two between which a cost would lie, the first that is missing."""
    name, size, _ = operation.partition("@")
    return f"{name}{MANY_CLAIMS}" if size and name in scenario.profile.quantiles else name
