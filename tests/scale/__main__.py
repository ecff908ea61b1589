"""Runs of the busy API with 10^4 to 10^8 requests: time, memory and cost of a request at each size: ``make scale``.

Every run is a process of its own with a summary sink. Set-up is the CPU time until simulated time begins. All is kept
in data/scale/run.json; the largest run takes about an hour.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from simlib import SummarySink, load_scenario, simulate
from simlib.report.run_record import collect_versions, describe_machine
from simlib.scenario.scenario import Scenario
from simlib.scenario.texts import format_json
from simlib.scenario.writing import export_scenario_beside

RESULTS = Path(__file__).resolve().parents[2] / "data" / "scale" / "run.json"
SCENARIO, DESIGN = "busy-api", "jwt"
SIZES = (10_000, 1_000_000, 100_000_000)
SHORT = 10_000
"""Requests of runs that are so quick that the median of several is taken."""
REPEATS = 9
MEMORY_MB = 4_000
TIMES = ("cpu_s", "setup_cpu_s", "wall_s", "us_per_request", "peak_mb")


def build_scenario(requests: int) -> Scenario:
    """The bundled scenario over so many expected requests."""
    scenario = load_scenario(SCENARIO)
    length = requests * scenario.horizon_s / scenario.expected_requests
    return scenario.with_run(scenario.run.model_copy(update={"length_s": length, "memory_budget_mb": MEMORY_MB}))


def run_once(requests: int, design: str) -> dict[str, Any]:
    """Run once in this process; returns counts, figures, seconds and megabytes."""
    scenario = build_scenario(requests)
    sink, setup_cpu_s = SummarySink.build(scenario), 0.0
    begun, begun_cpu = time.monotonic(), time.process_time()
    last = begun

    def report(share: float) -> None:
        nonlocal setup_cpu_s, last
        now = time.monotonic()
        if share == 0.0:
            setup_cpu_s = time.process_time() - begun_cpu
        elif now - last > 10.0:
            last = now
            left = (now - begun) * (1.0 - share) / share
            print(f"{requests} requests: {share:.1%}, {left / 60:.0f} min left", file=sys.stderr, flush=True)

    records = simulate(scenario, design, sink=sink, progress=report)
    cpu_s, wall_s = time.process_time() - begun_cpu, time.monotonic() - begun
    figures = sink.compute_figures(records)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform != "darwin" else 1e6)
    return {
        "requests": int(sink.count_requests()),
        "simulated_s": scenario.horizon_s,
        "cpu_s": round(cpu_s, 2),
        "setup_cpu_s": round(setup_cpu_s, 2),
        "wall_s": round(wall_s, 1),
        "us_per_request": round((cpu_s - setup_cpu_s) / sink.count_requests() * 1e6, 2),
        "peak_mb": round(peak),
        "figures": {name: value for name, value in figures.items() if value == value},
    }


def run_apart(requests: int, design: str) -> dict[str, Any]:
    """Run in a process of its own, several times where it is short; returns the run of median cost."""
    command = [sys.executable, __file__, "--one", str(requests), "--design", design]
    repeats = REPEATS if requests <= SHORT else 1
    runs = [json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(repeats)]
    run: dict[str, Any] = sorted(runs, key=lambda run: run["us_per_request"])[len(runs) // 2]
    print({name: run[name] for name in ("requests", *TIMES)}, flush=True)
    return run


def main() -> None:
    """Run all sizes and keep the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--design", default=DESIGN)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--one", type=int, help="one run in this process; its result is printed as JSON")
    parser.add_argument("--keep", action="store_true", help="write data/scale/run.json")
    chosen = parser.parse_args()
    if chosen.one is not None:
        print(json.dumps(run_once(chosen.one, chosen.design)))
        return
    scenario, runs = build_scenario(max(chosen.sizes)), [run_apart(size, chosen.design) for size in chosen.sizes]
    record = {
        "scenario": export_scenario_beside(scenario, RESULTS.parent),
        "scenario_name": SCENARIO,
        "design": chosen.design,
        "replication": 0,
        "versions": collect_versions(),
        "machine": describe_machine(),
        "runs": runs,
    }
    if chosen.keep:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        partial = RESULTS.with_suffix(".partial")
        partial.write_text(format_json(record) + "\n", encoding="utf-8")
        os.replace(partial, RESULTS)


if __name__ == "__main__":
    main()
