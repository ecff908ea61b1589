"""Where attacks are run: one design with one kind of client, its flow, and an authorization server, sound or not."""

from dataclasses import dataclass, replace

from simlib.engine.alone import alone
from simlib.scenario.design import Design
from simlib.scenario.distributions import Constant
from simlib.scenario.hosts import Database, Gateway
from simlib.scenario.people import ClientKind
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import Population, Revocations, World

OWNER_USER, ATTACKER_USER = 0, 1
"""Two users: one whose things are stolen, and the attacker, who has an account as well."""


@dataclass(frozen=True)
class Ground:
    """``flow`` is empty for the design's own. ``server`` names one of the careless servers, empty for the sound one."""

    scenario: Scenario
    design: Design
    kind: ClientKind
    flow: str = ""
    server: str = ""


def prepared(ground: Ground) -> tuple[Scenario, Design]:
    """The scenario with the two users in one region, and with what the design needs: gateway, shared store.

    Raises InputError when the design cannot work with the flow.
    """
    scenario = replace(ground.scenario, world=_equipped(ground.scenario.world, ground.design))
    found, design = alone(scenario, ground.design, ground.kind, ground.flow or None)
    two = found.world.model_copy(update={"population": Population(users=2), "revocations": Revocations()})
    return replace(found, world=two), design


def _equipped(world: World, design: Design) -> World:
    free = Constant(value_s=0.0)
    gateway = world.gateway or Gateway(work=free)
    store = world.shared_store or Database(link=world.network.service_to_authorization_server, call=free, work=free)
    with_gateway = {"gateway": gateway} if "gateway" in design.parts else {}
    return world.model_copy(update={"regions": None, "shared_store": store, **with_gateway})
