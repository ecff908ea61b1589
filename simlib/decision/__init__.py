"""From numbers with intervals to a reasoned choice."""

from simlib.decision.verdicts import Judgement, judge, sentence

__all__ = ["Judgement", "judge", "sentence"]
