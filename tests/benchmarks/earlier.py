"""This version against an earlier commit, and against itself with more users, replicas and requests.

The commit is taken out of git into a temporary folder. Both versions run in turn, each in a process of its own.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from freshness import ROOT

COMMIT = "cba5ef2"
"""The last commit before the engine was made quicker."""
ONE_RUN = Path(__file__).parent / "one_run.py"
SCENARIOS = {
    "web-shop": (450.0, ("opaque", "opaque_cached", "jwt")),
    "busy-api": (90.0, ("opaque", "opaque_cached", "jwt")),
    "call-chain": (300.0, ("opaque", "jwt")),
}
WHOLE, EVENTS = f"with set-up, now / {COMMIT}", f"without set-up, now / {COMMIT}"
GOALS = {
    ("web-shop, opaque", EVENTS): "<= 0.8",
    ("web-shop, opaque_cached", EVENTS): "<= 0.85",
    ("web-shop, jwt", EVENTS): "<= 0.85",
    ("busy-api, opaque", EVENTS): "<= 0.8",
    ("call-chain, opaque", EVENTS): "<= 0.65",
    ("web-shop, opaque, users", "10^6 / 10^3"): "<= 1.3",
    ("web-shop, opaque, replicas", "200 / 2"): "<= 1.3",
    ("web-shop, opaque, requests", "10^5 / 10^4"): "<= 1.15",
    ("web-shop, opaque, 10^6 requests", "bytes of memory a request"): "<= 600",
}
"""Case and ratio -> the bound that it keeps."""
SHOP: dict[str, Any] = {"scenario": "web-shop", "design": "opaque", "length_s": 300.0}
LASTING = {"token_lifetime_s": 1e6}
"""Without it ever more users would renew a token for every request, which is more work and not slower work."""


class Comparison(NamedTuple):
    """Two runs, and the quantity per request by which they are compared."""

    case: str
    ratio: str
    goal: str
    quantity: str
    mine: tuple[Path, dict[str, Any]]
    other: tuple[Path, dict[str, Any]]


def run_once(tree: Path, changes: dict[str, Any]) -> dict[str, float]:
    """One run in a process of its own; quantities per request."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    call = [sys.executable, str(ONE_RUN), json.dumps(changes)]
    done = subprocess.run(call, capture_output=True, text=True, check=True, env=environment, cwd=tree)
    found: dict[str, float] = json.loads(done.stdout)
    return {name: value / found["requests"] for name, value in found.items()}


def extract(commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder."""
    done = subprocess.run(["git", "archive", commit, "simlib", "data"], capture_output=True, check=True, cwd=ROOT)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def list_comparisons(earlier: Path) -> Iterator[Comparison]:
    """What is compared, in the order of the table."""
    for scenario, (length_s, designs) in SCENARIOS.items():
        for design in designs:
            changes = {"scenario": scenario, "design": design, "length_s": length_s}
            for ratio, quantity in ((WHOLE, "whole_s"), (EVENTS, "events_s")):
                case = f"{scenario}, {design}"
                yield Comparison(
                    case, ratio, GOALS.get((case, ratio), ""), quantity, (ROOT, changes), (earlier, changes)
                )
    for case, ratio, few, many in (
        ("web-shop, opaque, users", "10^6 / 10^3", {**LASTING, "users": 1000}, {**LASTING, "users": 1_000_000}),
        ("web-shop, opaque, replicas", "200 / 2", {"replicas": 2}, {"replicas": 200}),
        ("web-shop, opaque, requests", "10^5 / 10^4", {"length_s": 10_000 / 60}, {"length_s": 100_000 / 60}),
    ):
        goal = GOALS.get((case, ratio), "")
        yield Comparison(case, ratio, goal, "events_s", (ROOT, {**SHOP, **many}), (ROOT, {**SHOP, **few}))


def measure(rounds: int) -> Iterator[dict[str, str]]:
    """The lines of the table; both runs of a comparison in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        earlier = Path(scratch)
        extract(COMMIT, earlier)
        kept: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {}
        for comparison in list_comparisons(earlier):
            key = json.dumps([str(comparison.mine), str(comparison.other)])
            if key not in kept:
                kept[key] = [(run_once(*comparison.mine), run_once(*comparison.other)) for _ in range(rounds)]
            yield _format(comparison, kept[key])
        long = run_once(ROOT, {**SHOP, "length_s": 1_000_000 / 60})
        case, ratio = "web-shop, opaque, 10^6 requests", "bytes of memory a request"
        yield _line(case, ratio, GOALS.get((case, ratio), ""), [long["bytes"]], long["whole_s"] * 1e6, 0.0)


def _format(comparison: Comparison, pairs: list[tuple[dict[str, float], dict[str, float]]]) -> dict[str, str]:
    quantity = comparison.quantity
    ratios = [mine[quantity] / other[quantity] for mine, other in pairs]
    mine_us, other_us = (statistics.median(run[quantity] for run in side) * 1e6 for side in zip(*pairs, strict=True))
    return _line(comparison.case, comparison.ratio, comparison.goal, ratios, mine_us, other_us)


def _line(case: str, ratio: str, goal: str, values: list[float], mine_us: float, other_us: float) -> dict[str, str]:
    line = {
        "case": case,
        "ratio": ratio,
        "goal": goal,
        "median": f"{statistics.median(values):.2f}",
        "low": f"{min(values):.2f}",
        "high": f"{max(values):.2f}",
        "us_per_request": f"{mine_us:.1f}",
        "peer_us_per_request": f"{other_us:.1f}",
        "means": "",
    }
    print(
        f"{case:38} {ratio:32} {line['median']:>6} ({line['low']} to {line['high']})  goal {goal or '-':8}", flush=True
    )
    return line
