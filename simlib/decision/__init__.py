"""Decision analysis: verdicts about comparisons, effort, gain, economics, and the choice among designs."""

from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.decision.limit_explanations import explain_limits
from simlib.decision.limits import LimitOutcome
from simlib.decision.notes import list_distortion_notes
from simlib.decision.profile_dependence import PairUnderProfiles, ProfileDependence, judge_profiles
from simlib.decision.promises import ValidityBounds, compute_promises, list_promise_sentences
from simlib.decision.verdicts import (
    Judgement,
    describe_judgement,
    judge_difference,
    summarise,
)

__all__ = [
    "Judgement",
    "LimitOutcome",
    "PairUnderProfiles",
    "ProfileDependence",
    "ValidityBounds",
    "Verdicts",
    "compute_promises",
    "describe_judgement",
    "explain_limits",
    "judge_comparison",
    "judge_difference",
    "judge_profiles",
    "list_distortion_notes",
    "list_promise_sentences",
    "summarise",
]
