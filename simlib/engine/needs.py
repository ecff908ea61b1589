"""Which operations of a cost profile a scenario will charge, so that a missing one is told before anything runs."""

from simlib.engine.parts import deployment_of
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.links import Link
from simlib.scenario.profile import MANY_CLAIMS
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.strategies import CATALOGUE

CALLS = frozenset({"http.call_out", "http.call_in"})
CONNECTIONS = frozenset({"http.connect_out", "http.connect_in"})
TOKEN_ENDPOINT = frozenset({"form.decode", "client.authenticate", "token.hash", "store.get", "json.encode"})
"""What every refresh costs the authorization server, beside the new token."""
REVOKING = frozenset({"store.put", "store.revoke"})
SIGNING_IN = frozenset({"user.authenticate", "opaque.issue", "store.put", "store.consume"})
ROTATING = frozenset({"opaque.issue", "store.put", "store.consume"})
IN_PROCESS = ("dict", "sqlite")


def check_profile(scenario: Scenario) -> None:
    """Raise InputError, naming design and operation, when the profile lacks what a design needs."""
    profile = scenario.profile
    for name, design in scenario.designs.items():
        for operation in sorted(needed_operations(scenario, design)):
            if profile.row(operation) is None:
                raise InputError(
                    f"{scenario.name}: profile {profile.name!r} has no operation {_missing(scenario, operation)!r}, "
                    f"which design {name!r} needs; `simlib calibrate` measures all of them"
                )


def needed_operations(scenario: Scenario, design: Design) -> frozenset[str]:
    """The operations that runs of a design charge to the profile, as far as they can be known before."""
    world = scenario.world
    deployment = deployment_of(scenario, design, Variates(scenario.run.seed, 0), {})
    needed = CALLS | TOKEN_ENDPOINT
    for place, chosen in design.parts.items():
        needed |= CATALOGUE[place][chosen.part].operations(chosen.settings, deployment)
    for chosen in design.wrappers:
        needed |= CATALOGUE["wrappers"][chosen.part].operations(chosen.settings, deployment)
    if any(link.connections is not None for link in _links(world)):
        needed |= CONNECTIONS
    if world.revocations.rate > 0:
        needed |= REVOKING
    if world.clients:
        needed |= SIGNING_IN
    if design.refresh.rotation:
        needed |= ROTATING
    return frozenset(_in_store(world.store.kind, needed))


def _links(world: World) -> tuple[Link, ...]:
    network = world.network
    return (
        network.client_to_service,
        network.client_to_authorization_server,
        network.service_to_authorization_server,
        network.inside,
    )


def _in_store(kind: str, operations: frozenset[str]) -> list[str]:
    """With the store's name; the work of a store on a host of its own is no operation of the profile."""
    named = [name.replace("store.", f"store.{kind}.") for name in operations]
    return [name for name in named if kind in IN_PROCESS or not name.startswith("store.")]


def _missing(scenario: Scenario, operation: str) -> str:
    """The row that is not there: of two between which a cost would lie, the first that is missing."""
    name, size, _ = operation.partition("@")
    return f"{name}{MANY_CLAIMS}" if size and name in scenario.profile.quantiles else name
