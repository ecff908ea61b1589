"""Caveats: what a limit does not count, where that would not keep it, is said beside a limit that is met."""

from typing import Any

from simlib.analysis.utilisation import HOST_UTILISATION
from simlib.decision import Verdicts, judge_comparison
from support.comparisons import CACHED, JWT, OPAQUE, Figures, comparison

LIMITS = {"p95_s": 0.05, "failed_share": 0.01}


def judge(figures: Figures, **changes: Any) -> Verdicts:
    return judge_comparison(comparison(figures, **changes))


def test_requests_that_met_a_refusal_and_refusals_of_valid_tokens() -> None:
    good = {"p95_s": 0.04, "p95_all_s": 0.045, "failed_share": 0.0, "refused_valid_share": 0.0}
    bad = {"p95_s": 0.04, "p95_all_s": 0.08, "failed_share": 0.0, "refused_valid_share": 0.2}
    judged = judge({OPAQUE: bad, JWT: good, CACHED: good}, limits=LIMITS)
    caveats = {(o.design, o.limit): o.caveat for o in judged.limits if o.caveat}
    assert {key for key, _ in caveats.items()} == {(OPAQUE, "p95_s"), (OPAQUE, "failed_share")}
    assert caveats[OPAQUE, "p95_s"].startswith("P95 latency of all finished requests is 80.01 ms (79.9 ms to ")
    assert "requests refused although their token was valid are 20" in caveats[OPAQUE, "failed_share"].lower()
    assert f"{OPAQUE}: {caveats[OPAQUE, 'p95_s']}" in judged.limit_sentences


def test_what_has_a_limit_of_its_own_needs_no_caveat() -> None:
    bad = {"p95_s": 0.04, "p95_all_s": 0.08, "failed_share": 0.0, "refused_valid_share": 0.0}
    judged = judge({OPAQUE: bad, JWT: bad, CACHED: bad}, limits={"p95_s": 0.05, "p95_all_s": 0.07})
    assert {own.word for own in judged.limits if own.limit == "p95_all_s"} == {"broken"}
    assert not any(outcome.caveat for outcome in judged.limits)


def test_a_host_that_the_mean_hides_is_named() -> None:
    made = comparison({OPAQUE: {"rs_utilisation": 0.3}}, limits={"rs_utilisation": 0.5})
    hosts = {f"{HOST_UTILISATION}service": 0.8, f"{HOST_UTILISATION}gateway": 0.1}
    table = made.table.assign(**hosts, **{f"{HOST_UTILISATION}authorization_server": 0.9})
    judged = judge_comparison(type(made)(made.scenario, table, made.forms))
    (caveat,) = {outcome.caveat for outcome in judged.limits if outcome.limit == "rs_utilisation"}
    assert caveat == "Busier than the mean, which is within its limit: service 80 %."
