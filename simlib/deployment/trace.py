"""Traced replication of a design: its records, and the operations of every visit to a station."""

from simlib.deployment.deployment import Deployment
from simlib.deployment.network import build_network
from simlib.engine.simulation import Simulation
from simlib.engine.visit_trace import Visit, trace_visits
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.stores import STORES


def simulate_traced(scenario: Scenario, design: str, replication: int = 0) -> tuple[Records, list[Visit]]:
    """Run one replication of one design as `simulate` does, with times from the cost profile, and trace its visits.

    Raises InputError for an unknown design.
    """
    variates, sink, run = Variates(scenario.run.seed, replication), MemorySink(), scenario.run
    kind = scenario.world.store.kind
    deployment = Deployment(
        scenario, scenario.design(design), variates, STORES["dict" if kind == "database" else kind], sink
    )
    try:
        simulation = Simulation(
            build_network(deployment),
            deployment.demand.arrivals,
            scenario.horizon_s,
            variates,
            "events",
            run.remember_verified,
            "calls",
            sink,
            None,
        )
        visits = trace_visits(simulation)
        return simulation.run(run.warm_up_s, None), visits
    finally:
        deployment.close()
