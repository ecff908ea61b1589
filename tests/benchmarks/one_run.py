"""CPU time of one run of a bundled scenario, as JSON on standard output: ``python one_run.py CHANGES``.

Run in a process of its own, with ``PYTHONPATH`` at the version to be measured; so it uses nothing that only one version
has. ``CHANGES`` is a JSON object: ``scenario``, ``design`` and, where they differ from the file, ``length_s``,
``users``, ``replicas`` (of the service), ``token_lifetime_s``.
"""

import gc
import json
import resource
import sys
import time
from dataclasses import replace
from typing import Any

import simlib
from simlib.engine.kernel import Kernel


def build(changes: dict[str, Any]) -> Any:
    """The scenario with its changes."""
    scenario = simlib.load_scenario(changes["scenario"])
    world, run = scenario.world, scenario.run.model_copy(update={"memory_budget_mb": 1e6})
    if "length_s" in changes:
        run = run.model_copy(update={"length_s": changes["length_s"]})
    if "users" in changes:
        population = world.population.model_copy(update={"users": changes["users"]})
        world = world.model_copy(update={"population": population})
    designs = dict(scenario.designs)
    design = designs[changes["design"]]
    if "replicas" in changes:
        design = replace(design, replicas={**design.replicas, "service": changes["replicas"]})
    if "token_lifetime_s" in changes:
        design = replace(design, token_lifetime_s=changes["token_lifetime_s"])
    return replace(scenario, world=world, run=run, designs={**designs, changes["design"]: design})


def measure(changes: dict[str, Any]) -> dict[str, float]:
    """Seconds of the whole run and of its events alone, set-up left out; peak of memory in bytes; requests."""
    events, run = [0.0], Kernel.run

    def run_timed(kernel: Kernel, until: Any = None) -> None:
        start = time.process_time()
        run(kernel, until)
        events[0] += time.process_time() - start

    Kernel.run = run_timed  # type: ignore[method-assign]
    scenario = build(changes)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    records = simlib.simulate(scenario, changes["design"])
    whole = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    requests = len(records["requests"]["request"])
    return {"whole_s": whole, "events_s": events[0], "bytes": 1024.0 * grown, "requests": requests}


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
