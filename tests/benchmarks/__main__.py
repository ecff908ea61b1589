"""CPU-time ratios against peers, in interleaved rounds: ``make bench``. Absolute times mean nothing elsewhere."""

import argparse
import csv
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import earlier  # this folder is no package; it is put on the path above
import networks
import peers
import tutorial
import verification
from freshness import digest
from means import Means, compared

import simlib

RESULTS = Path(__file__).resolve().parents[2] / "data" / "benchmarks.csv"
KEYS = [f"key-{i:04d}" for i in range(1000)]
STORE = {key: i for i, key in enumerate(KEYS)}
SIMPY, CIW, SALABIM = "tutorial-style SimPy / simlib", "Ciw / simlib", "salabim / simlib"


class Case(NamedTuple):
    """Two ways to do the same requests: ``peer`` is what ``work`` is compared to."""

    name: str
    ratio: str
    goal: str
    requests: int
    work: Callable[[], Any]
    peer: Callable[[], Any]
    rounds: int
    inverse: bool = False
    means: Means | None = None


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU time of this process for one call."""
    gc.collect()
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    del result
    return seconds


def measured(case: Case) -> dict[str, str]:
    """Both in turn, after a round to warm up; the ratio of each round, and one line of the table."""
    pairs = [(cpu_seconds(case.work), cpu_seconds(case.peer)) for _ in range(case.rounds + 1)][1:]
    ratios = [mine / theirs if case.inverse else theirs / mine for mine, theirs in pairs]
    mine, theirs = (statistics.median(side) / case.requests * 1e6 for side in zip(*pairs, strict=True))
    line = {
        "case": case.name,
        "ratio": case.ratio,
        "goal": case.goal,
        "median": f"{statistics.median(ratios):.2f}",
        "low": f"{min(ratios):.2f}",
        "high": f"{max(ratios):.2f}",
        "us_per_request": f"{mine:.1f}",
        "peer_us_per_request": f"{theirs:.1f}",
        "means": "" if case.means is None else case.means.told(),
    }
    print(
        f"{line['case']:38} {line['ratio']:30} {line['median']:>6} ({line['low']} to {line['high']})"
        f"  goal {line['goal'] or '-':7}  {line['us_per_request']} / {line['peer_us_per_request']} us  {line['means']}",
        flush=True,
    )
    return line


def queueing(rounds: int, n: int) -> list[Case]:
    """The networks of queueing theory."""
    mm4, rs_as_rs = "M/M/4, utilisation 0.8", "RS-AS-RS with a dict store"
    few, seeds = max(n // 10, 2000), 8

    def ours_mm4() -> Any:
        return networks.mm4(n, 1)

    def ours_tandem() -> Any:
        return networks.rs_as_rs(n, 1, KEYS)

    same_mm4 = compared(seeds, lambda s: networks.mean_latency(networks.mm4(n, s)), lambda s: peers.ciw_mm4(n, s)[1])
    same_tandem = compared(
        seeds,
        lambda s: networks.mean_latency(networks.rs_as_rs(n, s, KEYS)),
        lambda s: peers.ciw_rs_as_rs(n, s, STORE)[1],
    )
    return [
        Case(mm4, SIMPY, ">= 4.5", n, ours_mm4, lambda: tutorial.mm4(n, 1), rounds),
        Case(rs_as_rs, SIMPY, ">= 3.1", n, ours_tandem, lambda: tutorial.rs_as_rs(n, 1, STORE), rounds),
        Case(mm4, CIW, ">= 8.5", n, ours_mm4, lambda: peers.ciw_mm4(n, 1), min(rounds, 5), means=same_mm4),
        Case(
            rs_as_rs,
            CIW,
            ">= 11",
            n,
            ours_tandem,
            lambda: peers.ciw_rs_as_rs(n, 1, STORE),
            min(rounds, 3),
            means=same_tandem,
        ),
        Case(mm4, SALABIM, "", few, lambda: networks.mm4(few, 1), lambda: peers.salabim_mm4(few, 1), min(rounds, 3)),
    ]


def verifying(rounds: int, n: int) -> Case:
    """Tokens that are verified in the loop."""
    signed = verification.tokens(n)
    return Case(
        "jwt_local, every RS256 token verified",
        "simlib / bare PyJWT loop",
        "<= 1.15",
        n,
        lambda: verification.simulated(signed),
        lambda: verification.bare(signed),
        rounds,
        inverse=True,
    )


def web_shop(rounds: int) -> list[Case]:
    """The bundled web shop as it stands, per design, against its first design; tokens, store and JSON are real."""
    scenario = simlib.load_scenario("web-shop")
    first, *others = scenario.designs
    count = int(scenario.expected_requests)

    def run(design: str) -> Callable[[], Any]:
        return lambda: simlib.simulate(scenario, design)

    return [
        Case(f"web-shop, {design}", f"{first} / {design}", "", count, run(design), run(first), min(rounds, 3))
        for design in others
    ]


def main() -> None:
    """Print the table and keep it in data/benchmarks.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--keep", action="store_true", help="write data/benchmarks.csv")
    chosen = parser.parse_args()
    cases = [
        *queueing(chosen.rounds, chosen.requests),
        verifying(chosen.rounds, min(4000, chosen.requests)),
        *web_shop(chosen.rounds),
    ]
    table = [measured(case) for case in cases]
    table.extend(earlier.measure(min(chosen.rounds, 3)))
    if chosen.keep:
        with RESULTS.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*table[0], "engine"], lineterminator="\n")
            writer.writeheader()
            writer.writerows({**line, "engine": digest()} for line in table)


if __name__ == "__main__":
    main()
