"""From numbers with intervals to a reasoned choice."""

from simlib.decision.comparing import Verdicts, judge_comparison
from simlib.decision.limits import LimitCheck, check_limits
from simlib.decision.notes import distortion_notes
from simlib.decision.profile_dependence import PairUnderProfiles, ProfileDependence, judge_profiles
from simlib.decision.promised import Promised, promise_sentences, promised
from simlib.decision.verdicts import Judgement, brief, judge, sentence

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
