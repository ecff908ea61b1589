"""What a replayed log is like: what was read, how dense it is, and how often a token is used again."""

from typing import Any

from simlib.decision import distortion_notes
from simlib.experiment import Reuse, token_reuse
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ReplayLoad


def describe_load(scenario: Scenario) -> tuple[list[str], dict[str, Any]]:
    """The replayed log in lines of text and as JSON types; nothing for any other load."""
    load, trace = scenario.world.load, scenario.trace
    if not isinstance(load, ReplayLoad) or trace is None:
        return [], {}
    reuse = token_reuse(scenario)
    users = f"{trace.users_count:,} users" if trace.users_count else "no users in it (drawn from the population)"
    rate = scenario.expected_requests / scenario.horizon_s
    lines = [
        f"{trace.source}: {trace.format}, {trace.lines:,} lines, {trace.broken:,} broken, {users}, "
        f"{trace.length_s:,.6g} s; {trace.out_of_order:,} out of order",
        f"replayed at {rate:,.4g} requests per second over {scenario.horizon_s:,.6g} s "
        f"(speed-up {load.speed_up:g}, copies {load.copies})",
        *(f"  broken: {example}" for example in trace.broken_examples[:3]),
        *dict.fromkeys(_reuse(row) for row in reuse),
        *(f"warning: {note}" for note in distortion_notes(reuse)),
    ]
    document = {
        "source": trace.source,
        "sha256": trace.sha256,
        "lines": trace.lines,
        "broken": trace.broken,
        "users": trace.users_count,
        "requests_per_s": rate,
        "length_s": scenario.horizon_s,
        "reuse": [row._asdict() | {"distorted": row.distorted} for row in reuse],
    }
    return lines, document


def _reuse(row: Reuse) -> str:
    return f"{row.requests:.3g} requests per token and {row.what} of {row.window_s:g} s ({row.design})"
