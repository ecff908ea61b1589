"""The same networks in other discrete-event libraries: Ciw and salabim."""

import random
from typing import Any

import ciw
import salabim

Result = tuple[int, float]
"""Requests finished, and their mean time in the system in seconds."""

MANY = float("inf")
SECOND, HALF_SECOND, LINK = ciw.dists.Exponential(1.0), ciw.dists.Exponential(2.0), ciw.dists.Deterministic(0.5)


def ciw_mm4(requests: int, seed: int) -> Result:
    """M/M/4 at utilisation 0.8 in Ciw."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(3.2)], service_distributions=[SECOND], number_of_servers=[4]
    )
    return _ciw(network, requests, seed)


def ciw_rs_as_rs(requests: int, seed: int, store: dict[str, int]) -> Result:
    """RS (4), link, AS (2) with a look into a dict, link, RS again, in Ciw."""
    keys = list(store)

    class Asked(ciw.Node):  # type: ignore[misc, no-any-unimported]  # Ciw has no types
        def release(self, next_node: Any, individual: Any, *rest: Any, **named: Any) -> None:
            individual.found = store.get(keys[individual.id_number % len(keys)])
            super().release(next_node, individual, *rest, **named)

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1.6), None, None, None],
        service_distributions=[SECOND, LINK, HALF_SECOND, LINK],
        routing=ciw.routing.ProcessBased(lambda individual, simulation: [2, 3, 4, 1]),
        number_of_servers=[4, MANY, 2, MANY],
    )
    return _ciw(network, requests, seed, node_class=[ciw.Node, ciw.Node, Asked, ciw.Node])


def _ciw(network: Any, requests: int, seed: int, **named: Any) -> Result:
    ciw.seed(seed)
    simulation = ciw.Simulation(network, **named)
    simulation.simulate_until_max_customers(requests, method="Finish")
    spans: dict[int, tuple[float, float]] = {}
    for record in simulation.get_all_records():
        first, last = spans.get(record.id_number, (MANY, 0.0))
        spans[record.id_number] = (min(first, record.arrival_date), max(last, record.exit_date))
    return len(spans), sum(last - first for first, last in spans.values()) / len(spans)


def salabim_mm4(requests: int, seed: int) -> Result:
    """M/M/4 at utilisation 0.8 in salabim, without animation, trace or monitors."""
    environment = salabim.Environment(random_seed=seed, yieldless=False, trace=False)
    rng = random.Random(seed)
    server = salabim.Resource("server", capacity=4, env=environment, monitor=False)
    spans: list[float] = []

    class Customer(salabim.Component):  # type: ignore[misc, no-any-unimported]  # salabim has no types
        def process(self) -> Any:
            arrival = environment.now()
            yield self.request(server)
            yield self.hold(rng.expovariate(1.0))
            self.release(server)
            spans.append(environment.now() - arrival)

    class Source(salabim.Component):  # type: ignore[misc, no-any-unimported]
        def process(self) -> Any:
            for _ in range(requests):
                yield self.hold(rng.expovariate(3.2))
                Customer(env=environment)

    Source(env=environment)
    environment.run()
    return len(spans), sum(spans) / len(spans)
