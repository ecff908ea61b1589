"""What a reader must keep in mind: how far the numbers of this comparison carry."""

from collections.abc import Iterator

from simlib.experiment import Comparison, Reuse, token_reuse
from simlib.scenario.profile import QUIET_SHARE
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ReplayLoad

MEASURED_HERE = "Times were measured in this very run (run.timing = live); they vary from run to run."


def reading_notes(comparison: Comparison) -> tuple[str, ...]:
    """Everything that limits the verdicts of this comparison, one sentence or two each."""
    scenario = comparison.scenario
    return (
        *_replay(scenario),
        *_replications(scenario),
        *_exposure(comparison),
        *_renewals(scenario),
        *_several_hosts(scenario),
        *_sign_ins(comparison),
        *_service_times(scenario),
    )


def distortion_notes(reuse: list[Reuse]) -> tuple[str, ...]:
    """One sentence per window whose token reuse a speed-up changes."""
    rows = {(r.what, r.window_s, r.requests, r.original): r for r in reuse if r.distorted}
    return tuple(
        f"Speed-up distorts the reuse of tokens: {r.requests:.3g} requests per token and {r.what} of {r.window_s:g} s, "
        f"{r.original:.3g} at the log's own speed. More copies raise the rate without this."
        for r in rows.values()
    )


def _replay(scenario: Scenario) -> Iterator[str]:
    load, trace = scenario.world.load, scenario.trace
    if not isinstance(load, ReplayLoad) or trace is None:
        return
    yield (
        f"The arrivals are one replayed trace ({trace.source}): all intervals are conditional on this one trace and "
        "say nothing about another day."
    )
    if load.speed_up != 1:
        yield from distortion_notes(token_reuse(scenario))


def _replications(scenario: Scenario) -> Iterator[str]:
    if scenario.run.replications == 1:
        yield (
            "One replication has no interval: nothing can be judged, and a design that does not keep up is not "
            "recognised. Use at least 2, better 8 or more."
        )


def _renewals(scenario: Scenario) -> Iterator[str]:
    """A client that renews so early that it never uses a token twice."""
    eager = [
        design.name
        for design in scenario.designs.values()
        if getattr(design.settings("client"), "refresh_before_s", 0.0) >= design.token_lifetime_s - 1
    ]
    if eager:
        names = ", ".join(eager)
        yield f"The client of {names} renews its token for every request (refresh_before_s against token_lifetime_s)."


def _several_hosts(scenario: Scenario) -> Iterator[str]:
    if scenario.world.gateway is not None or scenario.world.inner_services:
        yield (
            "CPU time and utilisation of the resource server are those of all who check or pass on tokens: the "
            "gateway, where a design uses it, and every service."
        )


def _sign_ins(comparison: Comparison) -> Iterator[str]:
    if comparison.scenario.world.clients:
        yield (
            "Requests whose client had to sign in first are left out of the latencies: what users type and what the "
            "flow takes is not the latency of the API. Their share and the time of a sign-in are rows of their own."
        )


def _exposure(comparison: Comparison) -> Iterator[str]:
    scenario = comparison.scenario
    if scenario.world.revocations.rate == 0:
        yield "Exposure after revocation is undefined: nothing is revoked here (world.revocations.rate = 0)."
        return
    run = scenario.run
    short = {
        design.name: run.warm_up_s + design.token_lifetime_s
        for design in scenario.designs.values()
        if scenario.horizon_s <= run.warm_up_s + design.token_lifetime_s
    }
    unmet = [
        name for name in comparison.designs if name not in short and not any(comparison.values(name, "revocations"))
    ]
    if unmet:
        yield (
            f"Exposure after revocation is undefined for {', '.join(unmet)}: no revocation met a living token in the "
            "part of the run that counts."
        )
    if short:
        yield (
            f"Exposure after revocation is undefined for {', '.join(short)}: the run of {scenario.horizon_s:g} s is "
            f"not longer than warm-up plus token lifetime ({max(short.values()):g} s)."
        )


def _service_times(scenario: Scenario) -> Iterator[str]:
    profile = scenario.profile
    machine = profile.about.get("machine", "")
    origin = f", measured on {machine}" if machine else ""
    if derived := profile.about.get("derived", ""):
        origin = f", {derived}"
    which = "Service times"
    if scenario.run.timing == "live":
        yield (
            f"{MEASURED_HERE} They are CPU time of the real operations on the machine of this run, inside the "
            "simulator, where small ones are quicker than inside a server; a repetition with the same seed gives other "
            "numbers."
        )
        which = "The times of what is not really done here (HTTP calls, claim checks, cache look-ups)"
    yield f"{which} come from the cost profile {profile.name}{origin}."
    if profile.noise == "quiet":
        yield (
            f"Host noise is left out (run.host_noise = quiet: the slowest {1 - QUIET_SHARE:.1%} of each measured "
            "operation); tails of a noisy host are longer."
        )
    else:
        yield "Host noise of the measuring machine is part of the service times (run.host_noise = as_measured)."
