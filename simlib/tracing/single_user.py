"""Single user: the world of a scenario with one user, whose client is of one kind, to be traced phase by phase."""

from dataclasses import replace
from types import MappingProxyType

from simlib.deployment.parts import PARTS
from simlib.flows import FLOWS
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import Design
from simlib.scenario.distributions import Constant
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.hosts import Backend
from simlib.scenario.loads import PoissonLoad
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ClientKind, ClientType, Population, Revocations, World

USUAL_KIND: ClientKind = "web"
"""Kind of client in a world that lists no clients."""
LENGTH_S, REVOCATIONS = 20.0, 1000.0
"""Length of the run and revocations in it: so frequent that one is due as soon as there is a token."""
SESSION_S = 1e8
APPROVAL_S = 12.0
"""Time that the user of a device takes where the world states none: assumption, longer than two polls of 5 s."""


def list_client_kinds(scenario: Scenario, flow: str | None = None) -> tuple[ClientKind, ...]:
    """List the kinds of clients of a scenario that sign in by a flow; by any when none is named.

    A world without clients of such a kind gets the first kind that the flow is for, or a web application.
    Raises InputError for a name that is no flow of a sign-in.
    """
    kinds = tuple(dict.fromkeys(client.kind for client in scenario.world.clients))
    if flow is None:
        return kinds or (USUAL_KIND,)
    usable = [name for name, kind in FLOWS.items() if kind.client_kinds and not kind.refused]
    if flow not in usable:
        raise InputError(f"--flow: {describe_unknown('flow', flow, usable)}")
    fitting = FLOWS[flow].client_kinds
    return tuple(kind for kind in kinds if kind in fitting) or fitting[:1]


def choose_flow(kind: ClientKind, design: Design) -> str:
    """Choose the flow by which a kind of client signs in: the design's own, else the first one for this kind."""
    usual = next(name for name, flow in FLOWS.items() if kind in flow.client_kinds and not flow.refused)
    return design.flows.get(kind, usual)


def isolate_user(
    scenario: Scenario, design: Design, kind: ClientKind, flow: str | None = None
) -> tuple[Scenario, Design]:
    """Return the scenario with one user only, and the design with the flow of the user's client.

    Memories begin empty, whatever the scenario's runs begin with: the first request of the user is to be seen.
    Raises InputError when the design cannot work with that flow.
    """
    traced_design = replace(design, flows=MappingProxyType({kind: flow or choose_flow(kind, design)}))
    world = _build_world(scenario.world, kind)
    check_compatibility(traced_design, world, PARTS, f"{scenario.origin}: designs.{design.name}")
    run = scenario.run.model_copy(update={"length_s": LENGTH_S, "warm_up_s": 0.0, "caches": "empty"})
    return replace(scenario, world=world, run=run, trace=None), traced_design


def _build_world(world: World, kind: ClientKind) -> World:
    listed = next((client for client in world.clients if client.kind == kind), None)
    approval = listed.approval if listed is not None else Constant(value_s=APPROVAL_S)
    client = ClientType(
        kind=kind,
        share=1.0,
        session=Constant(value_s=SESSION_S),
        approval=approval if kind == "device" else None,
    )
    backend = world.backend or Backend(work=Constant(value_s=0.0))
    changes = {
        "population": Population(users=1),
        "load": PoissonLoad(arrival_rate=1.0),
        "clients": (client,),
        "backend": backend if kind == "spa_bff" else None,
        "revocations": Revocations(rate=REVOCATIONS / LENGTH_S),
        "faults": {},
    }
    return world.model_copy(update=changes)
