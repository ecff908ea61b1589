"""Decisions made by hand: every kind of verdict, every number chosen, nothing simulated and nothing drawn."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from simlib.analysis.intervals import Interval
from simlib.decision import Verdicts, judge_comparison
from simlib.decision.choice.results import (
    CommonCosts,
    Crossing,
    Curve,
    Decision,
    Frontier,
    FrontierPoint,
    Index,
    NetPresentValue,
    RankedDesign,
    Sensitivity,
    Spread,
    Swing,
)
from simlib.decision.choice.robustness import Alternative, Switch
from simlib.decision.effort import EffortDraws
from simlib.decision.gain.values import Gain, Size, Trial
from simlib.decision.limits import LimitOutcome
from support.comparisons import CACHED, JWT, OPAQUE, comparison

DESIGNS = (OPAQUE, CACHED, JWT)
FIGURES: Mapping[str, Mapping[str, float]] = {
    OPAQUE: {"mean_s": 0.044, "p99_s": 0.132, "checking_mean_s": 0.0011, "as_requests_per_s": 64.0, "exposure_s": 0.0},
    CACHED: {"mean_s": 0.0433, "p99_s": 0.131, "checking_mean_s": 0.0004, "as_requests_per_s": 28.0, "exposure_s": 7.5},
    JWT: {"mean_s": 0.043, "p99_s": 0.13, "checking_mean_s": 0.0001, "as_requests_per_s": 4.0, "exposure_s": 126.0},
}
INPUTS: Mapping[str, str] = {
    "developer_day": "792 (437 to 1,159) USD per day of 8 hours; wages (sourced, 2025-06)",
    "second": "0 USD per second less of one request; as stated for this decision, else the default",
    "load": "20 requests per second; as simulated",
    "horizon_years": "3 years; as stated for this decision, else the default",
    "effort": "74 work items of simlib; three-point estimates, assumptions of the ledger",
}


def spread(mean: float, half: float) -> Spread:
    """A distribution that is as far to both sides."""
    return Spread(mean, mean, mean - half, mean + half)


def worthwhile(design: str, against: str, npv: float, half: float = 4000.0, **changes: Any) -> NetPresentValue:
    """A design that costs less to run and more to build, or the other way round."""
    positive = 0.97 if npv > half else 0.02 if npv < -half else 0.55
    parts = {
        "effort": spread(npv - 900, half),
        "servers": spread(800, 100),
        "traffic": spread(-40, 10),
        "storage": spread(0, 0),
        "latency": spread(0, 0),
        "availability": spread(150, 60),
        "exposure": spread(-10, 5),
    }
    curve = Curve(
        (1.0, 10.0, 100.0, 1000.0),
        tuple(npv + extra for extra in (-500.0, -200.0, 800.0, 9000.0)),
        tuple(npv - half + extra for extra in (-500.0, -200.0, 800.0, 9000.0)),
        tuple(npv + half + extra for extra in (-500.0, -200.0, 800.0, 9000.0)),
    )
    return replace(
        NetPresentValue(
            design=design,
            against=against,
            npv=spread(npv, half),
            p_positive=positive,
            parts=parts,
            payback_years=1.4 if npv > 0 else None,
            never_pays_back=1 - positive,
            crossings=(Crossing(340.0, True, 0.25),) if npv < 0 else (),
            load_range=(1.0, 1000.0),
            always="better" if npv >= 0 else "",
            flip_per_million=-npv / 1700,
            payback=spread(1.5, 0.5) if npv > 0 else None,
            break_even=spread(340.0, 90.0) if npv < 0 else None,
            never_breaks_even=0.2,
            curve=curve,
        ),
        **changes,
    )


def ranked(design: str, place: int, p_best: float, days: float, total: float) -> RankedDesign:
    """One row of a ranking."""
    return RankedDesign(
        design=design,
        place=place,
        p_best=p_best,
        effort_days=spread(days, days / 3),
        yearly_days=spread(days / 3, days / 10),
        running_cost_per_year=spread(1500, 200),
        total_cost=spread(total, total / 3),
        cost_parts={
            "effort": spread(total - 4200, total / 3),
            "servers": spread(4000, 400),
            "traffic": spread(150, 50),
            "availability": spread(50, 20),
        },
    )


def limits(breaking: str | None = None, undecided: str | None = None) -> tuple[LimitOutcome, ...]:
    """Two limits of every design; one design may break one, another may leave one open."""
    found = []
    for design, lag in zip(DESIGNS, (10, 60, 300), strict=True):
        open_ = design == undecided
        found.append(
            LimitOutcome(
                design,
                "p99_s",
                "at most 200 ms",
                "132 ms (131 to 133)" if not open_ else "199 ms (190 to 208)",
                "undecided" if open_ else "met",
                f"P99 latency is {'199 ms (190 to 208)' if open_ else '132 ms (131 to 133)'}.",
                12 if open_ else 0,
            )
        )
        broken = design == breaking
        found.append(
            LimitOutcome(
                design,
                "revocation_lag_s",
                "at most 120 s" if breaking else "at most 900 s",
                f"{lag} s",
                "broken" if broken else "met",
                f"By its settings a revoked token may be accepted for {lag} s.",
            )
        )
    return tuple(found)


def size(design: str, vcpus: int) -> Size:
    """The cheapest servers of a design, with a cheaper pair that was too small."""
    trials = (
        Trial(1, 1, 0, 0.085, False, ("p99 latency 260 ms is above 200 ms",)),
        Trial(vcpus, 1, 0, 0.0425 * (vcpus + 1), True, ()),
    )
    intervals = {"p99_s": Interval(0.13, 0.129, 0.131, 0.95, 3)}
    return Size(design, 20.0, vcpus, 1, 0, 0.0425 * (vcpus + 1), True, intervals, trials)


def sensitivity(design: str, against: str) -> Sensitivity:
    """Three inputs, the first of which matters most."""
    return Sensitivity(
        design,
        against,
        (
            Swing("team_factor", 0.66, 1.5, -2100.0, -9800.0, ""),
            Swing("developer_day", 480.0, 1100.0, -2900.0, -7600.0, "USD per day"),
            Swing("load", 10.0, 40.0, -5600.0, -4300.0, "requests per second"),
        ),
        (
            Index("team_factor", 0.5, 0.05, 0.6, 0.06),
            Index("developer_day", 0.3, 0.05, 0.35, 0.05),
            Index("load", 0.05, 0.02, 0.08, 0.03),
        ),
        0.02,
    )


SWITCHES = (
    Switch(f"effort of {JWT}", "person-days over 3 years", 50.0, 30.0, 75.0, 40.0, JWT),
    Switch("developer_day", "USD per day of 8 hours", 800.0, 437.0, 1159.0, 500.0, JWT),
    Switch("horizon_years", "years", 3.0, 3.0, 3.0, 7.5, OPAQUE),
    Switch("second", "USD per second less of one request", 0.0, 0.0, 0.0, 0.002, JWT),
)
ALTERNATIVES = (
    Alternative("bundled estimates", JWT, 0.97, True, ("O01", "J05")),
    Alternative("product", CACHED, 0.6, False, ("C07", "O02", "J01")),
)
COMMON = CommonCosts(
    spread(21_000, 4_000),
    {"effort": spread(18_000, 4_000), "servers": spread(3_000, 100), "latency": spread(0, 0)},
    spread(10.6, 3),
    spread(2, 1),
    ("C01", "C02"),
)


def decision(**changes: Any) -> Decision:
    """The cached design chosen over the other two; ``changes`` are fields of a Decision."""
    verdicts = _three()
    draws = {
        name: EffortDraws(np.array([20.0, 22.0, 25.0]), np.array([6.0, 7.0, 8.0]), ("O01", "J05")) for name in DESIGNS
    }
    made = Decision(
        scenario=verdicts.scenario,
        level=0.9,
        draws=10_000,
        word="choose",
        chosen=CACHED,
        reason=f"{CACHED} has the lowest total cost over 3 years, in 93 % of the draws, given these estimates.",
        equivalents=(),
        margin=1500.0,
        more_replications=0,
        limits=limits(),
        ranking=(
            ranked(CACHED, 1, 0.93, 27.7, 42_000),
            ranked(JWT, 2, 0.06, 28.0, 47_000),
            ranked(OPAQUE, 3, 0.01, 21.8, 50_000),
        ),
        against={
            OPAQUE: {CACHED: worthwhile(CACHED, OPAQUE, 8000.0), JWT: worthwhile(JWT, OPAQUE, 3000.0)},
            CACHED: {OPAQUE: worthwhile(OPAQUE, CACHED, -8000.0), JWT: worthwhile(JWT, CACHED, -5000.0)},
        },
        sensitivity=(sensitivity(CACHED, OPAQUE), sensitivity(JWT, CACHED)),
        effort=draws,
        gain=Gain(
            verdicts.comparison.table,
            {name: size(name, vcpus) for name, vcpus in zip(DESIGNS, (3, 2, 2), strict=True)},
            {},
            {"replications": 4, "length_s": 20.0, "warm_up_s": 5.0},
        ),
        verdicts=verdicts,
        inputs=INPUTS,
        baseline=OPAQUE,
        opponent=CACHED,
        switches=SWITCHES,
        alternatives=ALTERNATIVES,
        common=COMMON,
        frontiers=(
            Frontier(
                "mean_s",
                tuple(
                    FrontierPoint(name, spread(days, 8), spread(FIGURES[name]["mean_s"], 0.0001), ())
                    for name, days in zip(DESIGNS, (45.8, 55.3, 48.1), strict=True)
                ),
            ),
        ),
    )
    return replace(made, **changes)


def equivalent() -> Decision:
    """Two designs between which it does not matter."""
    reason = f"It does not matter: {CACHED}, {JWT} differ by less than 1,500 USD in total cost over 3 years."
    return decision(word="equivalent", equivalents=(JWT,), reason=reason)


def undecided() -> Decision:
    """More replications would tell."""
    reason = (
        f"{JWT} costs least in the mean, but it is not known whether the limits are kept: about 12 more replications."
    )
    return decision(
        word="undecided",
        chosen=None,
        more_replications=12,
        open_because="limits",
        limits=limits(undecided=JWT),
        reason=reason,
    )


def undecided_by_estimates() -> Decision:
    """More replications would not help: the estimates of effort are too wide."""
    reason = "The estimates of effort leave it open; more replications would not help, better estimates would."
    return decision(word="undecided", chosen=None, more_replications=None, open_because="effort", reason=reason)


def out_of_limits() -> Decision:
    """One design is out, another is chosen."""
    places = (
        ranked(CACHED, 1, 1.0, 27.7, 42_000),
        ranked(OPAQUE, 2, 0.0, 21.8, 50_000),
        ranked(JWT, 0, 0.0, 28, 30_000),
    )
    return decision(limits=limits(breaking=JWT), ranking=places)


def none() -> Decision:
    """No design meets the limits."""
    broken = tuple(replace(own, word="broken", reason=f"{own.reason[:-1]}, too much.") for own in limits())
    places = tuple(replace(own, place=0, p_best=0.0) for own in decision().ranking)
    return decision(
        word="none",
        chosen=None,
        reason=f"No design keeps the limits: {OPAQUE} breaks p99_s.",
        limits=broken,
        ranking=places,
        switches=(),
        alternatives=(),
    )


def alone() -> Decision:
    """One design and no limits: nothing to choose from, no baseline but itself, no sensitivity."""
    one = _one()
    made = decision()
    return decision(
        scenario=one.scenario,
        verdicts=one,
        limits=(),
        ranking=(ranked(CACHED, 1, 1.0, 27.7, 42_000),),
        against={CACHED: {}},
        sensitivity=(),
        effort={CACHED: made.effort[CACHED]},
        gain=replace(made.gain, table=one.comparison.table, sizes={CACHED: size(CACHED, 2)}),
        baseline=CACHED,
        opponent=None,
        frontiers=(),
        switches=(),
        alternatives=(),
        common=None,
        reason=f"{CACHED} is the only design that keeps the limits.",
        left_out=("Sensitivity was not asked for.",),
    )


def six() -> Decision:
    """Six designs with long names and long numbers: what a terminal must have room for."""
    names = ("opaque", "opaque_cached", "opaque_regional", "jwt", "jwt_exchanged", "jwt_status_list")
    verdicts = _six(names)
    told = {one.limit: one for one in limits()}
    kept = tuple(replace(one, design=name) for one in told.values() for name in names)
    costs = (ranked(name, place, 0.16, 27.7, 142_000) for place, name in enumerate(names, start=1))
    references = ("opaque", "opaque_cached")
    return decision(
        scenario=verdicts.scenario,
        verdicts=verdicts,
        chosen="opaque",
        limits=kept,
        ranking=tuple(costs),
        against={
            other: {name: worthwhile(name, other, -112_000.0, 48_000.0) for name in names if name != other}
            for other in references
        },
        sensitivity=(sensitivity("opaque", "opaque_cached"),),
        effort=dict.fromkeys(names, decision().effort[JWT]),
        gain=replace(decision().gain, sizes={name: size(name, 3) for name in names}),
        baseline="opaque",
        opponent="opaque_cached",
        frontiers=(),
        switches=tuple(replace(own, design="jwt") for own in SWITCHES),
    )


# Judged once, for that takes most of the time; all of it is frozen.


@cache
def _three() -> Verdicts:
    limited = {"p99_s": 0.2, "revocation_lag_s": 900}
    return judge_comparison(comparison(FIGURES, world__revocations={"rate": 0.1}, limits=limited))


@cache
def _one() -> Verdicts:
    return judge_comparison(comparison(FIGURES, designs={CACHED: _document(CACHED)}))


@cache
def _six(names: tuple[str, ...]) -> Verdicts:
    designs = {name: _document(CACHED if name == "opaque_cached" else JWT) for name in names}
    return judge_comparison(comparison(designs=designs, limits={"p99_s": 0.2}))


def _document(design: str) -> dict[str, Any]:
    from support.scenarios import document

    chosen: dict[str, Any] = document()["designs"][design]
    return chosen


KINDS: Mapping[str, Callable[[], Decision]] = {
    "choose": decision,
    "out-of-limits": out_of_limits,
    "equivalent": equivalent,
    "undecided": undecided,
    "undecided-by-estimates": undecided_by_estimates,
    "none": none,
    "alone": alone,
    "six": six,
}
"""A decision of every kind of verdict."""
