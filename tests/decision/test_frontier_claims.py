"""Claims of a record that a design is no worse: only where paired intervals and the margin show it, else undecided."""

import pytest

from simlib.decision.choice.results import Decision
from simlib.report.record.pros_and_cons import list_arguments
from support.choices import decided, work
from support.comparisons import CACHED, JWT, OPAQUE, Figures

EFFORT = (work(OPAQUE, 5.0), work(CACHED, 12.0), work(JWT, 20.0))


def decide(latencies: dict[str, list[float]]) -> Decision:
    usual: dict[str, list[float]] = {"rs_cpu_s": [0.004] * 4, "as_cpu_s": [0.001] * 4, "exposure_s": [0.0] * 4}
    figures: Figures = {name: {**usual, "mean_s": values} for name, values in latencies.items()}
    return decided(figures, EFFORT, draws=200)


def list_claims(made: Decision, design: str) -> list[tuple[str, str]]:
    return [
        (own.side, own.because) for own in list_arguments(made, design) if "no worse in mean latency" in own.because
    ]


@pytest.mark.parametrize(
    ("opaque", "jwt", "side"),
    [
        ([0.030, 0.031, 0.029, 0.030], [0.060, 0.061, 0.059, 0.060], "Bad"),  # surely slower
        ([0.030, 0.031, 0.029, 0.030], [0.0301, 0.0311, 0.0291, 0.0301], "Bad"),  # within the margin of 5 %
        ([0.030, 0.060, 0.010, 0.020], [0.040, 0.020, 0.050, 0.030], "Neutral"),  # higher mean, and that is all
    ],
)
def test_no_worse_rests_on_the_paired_interval(opaque: list[float], jwt: list[float], side: str) -> None:
    made = decide({OPAQUE: opaque, CACHED: [0.5] * 4, JWT: jwt})
    words = {name: made.verdicts.pairs[OPAQUE, name]["mean_s"].word for name in (CACHED, JWT)}
    assert (words[JWT] == "undecided") == (side == "Neutral")
    claims = [claim for claim in list_claims(made, JWT) if OPAQUE in claim[1]]
    assert [own for own, _ in claims] == [side]
    assert ("undecided" in claims[0][1]) == (side == "Neutral")
    assert list_claims(made, OPAQUE) == []  # it needs least effort


def test_effort_that_estimates_leave_open_is_undecided_too() -> None:
    figures: Figures = {name: {"mean_s": [value] * 4} for name, value in ((OPAQUE, 0.03), (CACHED, 0.5), (JWT, 0.06))}
    made = decided(figures, (work(OPAQUE, 1.0, 9.0, 40.0), work(CACHED, 60.0), work(JWT, 2.0, 20.0, 22.0)), draws=400)
    (point,) = (own for own in made.frontiers[1].points if own.design == JWT)
    assert (point.dominated_by, point.surely_dominated_by) == ((OPAQUE,), ())
    assert [side for side, _ in list_claims(made, JWT)] == ["Neutral"]
