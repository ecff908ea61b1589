"""From numbers with intervals to a reasoned choice."""

from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.decision.notes import distortion_notes
from simlib.decision.profile_dependence import PairUnderProfiles, ProfileDependence, judge_profiles
from simlib.decision.promises import Promised, promise_sentences, promised
from simlib.decision.verdicts import Judgement, LimitCheck, brief, check_limits, judge, sentence

__all__ = [
    "Judgement",
    "LimitCheck",
    "PairUnderProfiles",
    "ProfileDependence",
    "Promised",
    "Verdicts",
    "brief",
    "check_limits",
    "distortion_notes",
    "judge",
    "judge_comparison",
    "judge_profiles",
    "promise_sentences",
    "promised",
    "sentence",
]
