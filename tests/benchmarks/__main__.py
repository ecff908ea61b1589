"""CPU-time ratios against peers, in interleaved rounds: ``make bench``. Absolute times mean nothing elsewhere."""

import argparse
import csv
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import networks
import tutorial
import verification
from freshness import digest

import simlib

RESULTS = Path(__file__).resolve().parents[2] / "data" / "benchmarks.csv"
KEYS = [f"key-{i:04d}" for i in range(1000)]


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU time of this process for one call."""
    gc.collect()
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    del result
    return seconds


def interleaved(rounds: int, work: Callable[[], Any], peer: Callable[[], Any]) -> tuple[float, float, list[float]]:
    """Median CPU seconds of both, run in turn, and the ratio peer / work of each round; the first round warms up."""
    pairs = [(cpu_seconds(work), cpu_seconds(peer)) for _ in range(rounds + 1)][1:]
    mine, theirs = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(theirs), [t / m for m, t in pairs]


def rows(rounds: int, requests: int) -> list[dict[str, str]]:
    """All rows of the table."""
    signed = verification.tokens(min(4000, requests))
    dictionary = {key: i for i, key in enumerate(KEYS)}
    cases: list[tuple[str, str, str, int, Callable[[], Any], Callable[[], Any]]] = [
        (
            "M/M/4, utilisation 0.8",
            "tutorial-style SimPy / simlib",
            ">= 3.5",
            requests,
            lambda: networks.mm4(requests, 1),
            lambda: tutorial.mm4(requests, 1),
        ),
        (
            "RS-AS-RS with a dict store",
            "tutorial-style SimPy / simlib",
            ">= 3",
            requests,
            lambda: networks.rs_as_rs(requests, 1, KEYS),
            lambda: tutorial.rs_as_rs(requests, 1, dictionary),
        ),
        (
            "jwt_local, every RS256 token verified",
            "simlib / bare PyJWT loop",
            "<= 1.15",
            len(signed),
            lambda: verification.bare(signed),
            lambda: verification.simulated(signed),
        ),
    ]
    table = [
        row(name, what, goal, count, *interleaved(rounds, work, peer)) for name, what, goal, count, work, peer in cases
    ]
    return table + web_shop(rounds)


def row(name: str, what: str, goal: str, count: int, work: float, peer: float, ratios: list[float]) -> dict[str, str]:
    """One line of the table."""
    return {
        "case": name,
        "ratio": what,
        "goal": goal,
        "median": f"{statistics.median(ratios):.2f}",
        "low": f"{min(ratios):.2f}",
        "high": f"{max(ratios):.2f}",
        "us_per_request": f"{work / count * 1e6:.1f}",
        "peer_us_per_request": f"{peer / count * 1e6:.1f}",
    }


def web_shop(rounds: int) -> list[dict[str, str]]:
    """The bundled web shop as it stands, per design, against its first design; real tokens, store and JSON included."""
    scenario = simlib.load_scenario("web-shop")
    first, *others = scenario.designs
    count = int(scenario.expected_requests)
    table = []
    for design in others:
        measured = interleaved(
            min(rounds, 3),
            lambda design=design: simlib.simulate(scenario, design),
            lambda: simlib.simulate(scenario, first),
        )
        table.append(row(f"web-shop, {design}", f"design {first} / {design}", "", count, *measured))
    return table


def main() -> None:
    """Print the table and keep it in data/benchmarks.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--keep", action="store_true", help="write data/benchmarks.csv")
    chosen = parser.parse_args()
    table = rows(chosen.rounds, chosen.requests)
    width = max(len(line["case"]) for line in table)
    for line in table:
        print(
            f"{line['case']:{width}}  {line['ratio']:30} {line['median']:>5} ({line['low']} to {line['high']})"
            f"  goal {line['goal'] or '-':7}  {line['us_per_request']} / {line['peer_us_per_request']} us"
        )
    if chosen.keep:
        with RESULTS.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*table[0], "engine"], lineterminator="\n")
            writer.writeheader()
            writer.writerows({**line, "engine": digest()} for line in table)


if __name__ == "__main__":
    main()
