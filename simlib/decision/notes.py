"""Notes and headlines of a comparison: what limits its verdicts, and the verdicts in sentences."""

from collections.abc import Iterator, Mapping, Sequence

from simlib.analysis.drift import FEWEST, Drift
from simlib.analysis.metrics import METRICS
from simlib.analysis.stability import Stability
from simlib.decision.best_designs import BestDesigns, describe_best
from simlib.decision.limits import EXCLUDING, LABELS, NOT_CHECKED, LimitOutcome, find_limit_label
from simlib.decision.verdicts import Judgement, Word, summarise
from simlib.experiment import Comparison, TokenReuse, measure_token_reuse
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.profile import QUIET_SHARE
from simlib.scenario.scenario import Scenario

NOT_SETTLED = "\N{DAGGER}"
"""Mark beside a figure for which the run is too short, and before the note that says so."""
FEW_FOR_DRIFTS = 5
"""Replications below which a drift within the run is noticed only when it is many times its own spread."""
MEASURED_HERE = "Times were measured in this very run (run.timing = live); they vary from run to run."


def list_reading_notes(comparison: Comparison) -> tuple[str, ...]:
    """Notes on all that limits the verdicts of this comparison, one sentence or two each."""
    scenario = comparison.scenario
    return (
        *(f"{warning}." for warning in scenario.warnings),
        *_note_cold_start(scenario),
        *_note_replay(scenario),
        *_note_replications(scenario),
        *_note_power_of_drifts(scenario),
        *_note_exposure(comparison),
        *_note_renewals(scenario),
        *_note_several_hosts(scenario),
        *_note_sign_ins(comparison),
        *_note_service_times(scenario),
    )


def describe_drifts(drifts: Sequence[Drift], scenario: Scenario) -> tuple[str, ...]:
    """One sentence per figure of a design for which the run is too short."""
    return tuple(_describe_drift(drift, scenario) for drift in drifts)


def _describe_drift(drift: Drift, scenario: Scenario) -> str:
    metric, run = METRICS[drift.metric], scenario.run
    low, mean, high = (
        metric.format(end) for end in (drift.difference.low, drift.difference.mean, drift.difference.high)
    )
    start = ", and caches begin empty" if run.caches == "empty" else ""
    return (
        f"{NOT_SETTLED} Not settled: {metric.label} of {drift.design}. Second and first half of the "
        f"{scenario.horizon_s:g} s without warm-up differ by {mean} ({drift.difference.level * 100:g} % interval {low} "
        f"to {high}){start}: the run is too short for this figure."
    )


def list_distortion_notes(reuse: list[TokenReuse]) -> tuple[str, ...]:
    """One sentence per window whose token reuse a speed-up changes."""
    rows = {(r.kind, r.window_s, r.requests, r.original): r for r in reuse if r.is_distorted}
    return tuple(
        f"Speed-up distorts the reuse of tokens: {r.requests:.3g} requests per token and {r.kind} of {r.window_s:g} s, "
        f"{r.original:.3g} at the log's own speed. More copies raise the rate without this."
        for r in rows.values()
    )


def _note_cold_start(scenario: Scenario) -> Iterator[str]:
    if scenario.run.caches == "empty":
        yield (
            "Servers begin with empty memories (run.caches = empty): the figures are those of a cold start, and of the "
            "steady state only once everything that is kept has ended and come back, which may take longer than a run."
        )


def _note_replay(scenario: Scenario) -> Iterator[str]:
    load, trace = scenario.world.load, scenario.trace
    if not isinstance(load, ReplayLoad) or trace is None:
        return
    yield (
        f"The arrivals are one replayed trace ({trace.source}): all intervals are conditional on this one trace and "
        "say nothing about another day."
    )
    if load.speed_up != 1:
        yield from list_distortion_notes(measure_token_reuse(scenario))


def _note_replications(scenario: Scenario) -> Iterator[str]:
    if scenario.run.replications == 1:
        yield (
            "One replication has no interval: nothing can be judged, and a design that does not keep up is not "
            "recognised. Use at least 2, better 8 or more."
        )


def _note_power_of_drifts(scenario: Scenario) -> Iterator[str]:
    count = scenario.run.replications
    if 1 < count < FEW_FOR_DRIFTS and not scenario.world.faults:
        power = "is not tested with" if count < FEWEST else "shows only where they differ by many times their spread in"
        yield (
            "Whether the run is too short (first against second half of what counts, all figures taken together) "
            f"{power} {count} replications; use at least {FEW_FOR_DRIFTS}."
        )


def _note_renewals(scenario: Scenario) -> Iterator[str]:
    """Clients that renew so early that they never use a token twice."""
    eager = [
        design.name
        for design in scenario.designs.values()
        if getattr(design.get_settings("client"), "refresh_before_s", 0.0) >= design.token_lifetime_s - 1
    ]
    if eager:
        names = ", ".join(eager)
        yield f"The client of {names} renews its token for every request (refresh_before_s against token_lifetime_s)."


def _note_several_hosts(scenario: Scenario) -> Iterator[str]:
    if scenario.world.gateway is not None or scenario.world.inner_services:
        yield (
            "CPU time and utilisation of the resource server are those of all hosts that check or forward tokens: the "
            "gateway, where a design uses it, and every service."
        )


def _note_sign_ins(comparison: Comparison) -> Iterator[str]:
    if comparison.scenario.world.clients:
        yield (
            "Requests whose client had to sign in first are left out of the latencies: what users type and what the "
            "flow takes is not the latency of the API. Their share and the time of a sign-in are rows of their own."
        )


def _note_exposure(comparison: Comparison) -> Iterator[str]:
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
    unobserved = [
        name
        for name in comparison.designs
        if name not in short and not any(comparison.list_values(name, "revocations"))
    ]
    if unobserved:
        yield (
            f"Exposure after revocation is undefined for {', '.join(unobserved)}: no token was revoked while it was "
            "valid in the part of the run that counts."
        )
    if short:
        yield (
            f"Exposure after revocation is undefined for {', '.join(short)}: the run of {scenario.horizon_s:g} s is "
            f"not longer than warm-up plus token lifetime ({max(short.values()):g} s)."
        )


def _note_service_times(scenario: Scenario) -> Iterator[str]:
    profile = scenario.profile
    machine = profile.about.get("machine", "")
    origin = f", measured on {machine}" if machine else ""
    if derived := profile.about.get("derived", ""):
        origin = f", {derived}"
    subject = "Service times"
    if scenario.run.timing == "live":
        yield (
            f"{MEASURED_HERE} They are CPU time of the real operations on the machine of this run, inside the "
            "simulator, where small ones are quicker than inside a server; a repetition with the same seed gives other "
            "numbers."
        )
        subject = "The times of what is not executed here (HTTP calls, claim checks, cache look-ups)"
    yield f"{subject} come from the cost profile {profile.name}{origin}."
    if profile.noise == "quiet":
        yield (
            f"Host noise is left out (run.host_noise = quiet: the slowest {1 - QUIET_SHARE:.1%} of each measured "
            "operation); tails of a noisy host are longer."
        )
    else:
        yield "Host noise of the measuring machine is part of the service times (run.host_noise = as_measured)."


HEADLINE_METRICS = ("mean_s", "p99_s", "as_requests_per_s", "rs_cpu_s", "exposure_s")
"""Headline metrics: latency, its tail, load on both servers, and for how long a stolen token works."""
ONLY_WHEN_DIFFERENT = ("failed_share",)
_ORDER: tuple[Word, ...] = ("better", "worse", "higher", "lower", "equivalent", "undecided", "undefined")


def write_headline(judgements: Mapping[str, Judgement]) -> str:
    """Sentence about one design against another: the headline metrics, grouped by their words."""
    shown = [judgements[name] for name in HEADLINE_METRICS]
    shown += [judgements[name] for name in ONLY_WHEN_DIFFERENT if judgements[name].word != "equivalent"]
    groups = [(word, [summarise(j) for j in shown if j.word == word]) for word in _ORDER]
    words = "; ".join(f"{word}: {', '.join(items)}" for word, items in groups if items)
    return f"{shown[0].design} against {shown[0].baseline}: {words}."


def describe_stability(stability: Mapping[str, Stability], baseline: str) -> tuple[str, ...]:
    """Sentences about unstable designs, and about the differences that are missing because of them."""
    sentences = [_describe_unstable(design, own) for design, own in stability.items() if own.unstable]
    if stability[baseline].unstable and len(stability) > 1:
        sentences.append(f"No differences to {baseline} are reported, because it is unstable.")
    return tuple(sentences)


def _describe_unstable(design: str, own: Stability) -> str:
    slope = own.slope
    return (
        f"{design} is unstable: its backlog grows by {slope.mean:,.3g} requests per second "
        f"({slope.level * 100:g} % interval {slope.low:,.3g} to {slope.high:,.3g}), {own.growth_share:.1%} of what "
        "arrives; it has no steady latency, so it is neither averaged nor compared."
    )


def describe_limits(outcomes: Sequence[LimitOutcome]) -> tuple[str, ...]:
    """Sentences about limits that some design does not surely keep, then about the designs that keep all of them."""
    sentences = [_describe_limit(outcome) for outcome in outcomes if outcome.word != "met"]
    not_met = {outcome.design for outcome in outcomes if outcome.word != "met"}
    keeping = [design for design in dict.fromkeys(outcome.design for outcome in outcomes) if design not in not_met]
    if keeping:
        limits = dict.fromkeys(
            f"{find_limit_label(outcome.limit)} {outcome.allowed}".lstrip()
            for outcome in outcomes
            if outcome.design in keeping
        )
        every = "The limit is" if len(limits) == 1 else f"All {len(limits)} limits are"
        sentences.append(f"{every} met by {', '.join(keeping)}: {', '.join(limits)}.")
    sentences += [f"{outcome.design}: {outcome.caveat}" for outcome in outcomes if outcome.caveat]
    return tuple(sentences)


_LIMIT_WORDS = {
    "broken": "Limit broken by",
    "unstable": "Limit broken by",
    "undecided": "Limit undecided for",
    "undefined": "Limit not checked for",
}


def _describe_limit(outcome: LimitOutcome) -> str:
    """Sentences about one limit; reasons about measured metrics have what is allowed in them."""
    subject = f"{_LIMIT_WORDS[outcome.word]} {outcome.design}:"
    requirement = f"{find_limit_label(outcome.limit)} {outcome.allowed}".lstrip()
    if outcome.word == "undefined":
        return f"{subject} {requirement}; {outcome.reason.removeprefix(NOT_CHECKED)}"
    if outcome.limit in METRICS and outcome.limit not in LABELS:
        return f"{subject} {outcome.reason[:1].lower()}{outcome.reason[1:]}"
    return f"{subject} {requirement}. {outcome.reason}"


def describe_best_designs(best: Mapping[str, BestDesigns], limits: Sequence[LimitOutcome]) -> tuple[str, ...]:
    """Sentences about the best designs in the headline metrics; those that break a limit are marked."""
    breaking = {outcome.design for outcome in limits if outcome.word in EXCLUDING}
    names = [name for name in HEADLINE_METRICS if name in best]
    names += [name for name in ONLY_WHEN_DIFFERENT if name in best and best[name].list_designs("worse")]
    defined = [best[name] for name in names if len(best[name].list_designs("undefined")) < len(best[name].standings)]
    return tuple(describe_best(own, breaking) for own in defined)
