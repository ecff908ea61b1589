"""How far a verdict depends on the cost profile: its words under several profiles, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from simlib.decision.comparing import Verdicts
from simlib.decision.headlines import HEADLINE_METRICS
from simlib.decision.profile_words import NOWHERE, OPEN, PairWords, lead, metric_sentence, unpriced_sentence
from simlib.decision.verdicts import Judgement

Reading = Literal["same", "changes", "open"]
NO_WORD = "unstable"
"""In place of a word where a design of the pair does not keep up under that profile."""


@dataclass(frozen=True)
class PairUnderProfiles:
    """One metric of one design against another, under each profile (the scenario's own first).

    ``judgements`` holds None where a design of the pair is unstable under that profile.
    """

    metric: str
    design: str
    reference: str
    judgements: Mapping[str, Judgement | None]

    @property
    def words(self) -> dict[str, str]:
        """Profile -> word of the difference, "unstable" where there is none."""
        return {name: NO_WORD if own is None else own.word for name, own in self.judgements.items()}

    @property
    def reading(self) -> Reading:
        """Whether the word is the same everywhere, is contradicted somewhere, or is merely not known everywhere."""
        words = set(self.words.values())
        if len(words) == 1:
            return "same"
        return "changes" if len(words - OPEN) > 1 else "open"

    @property
    def is_open(self) -> bool:
        """Whether nothing is known under any profile."""
        return OPEN.issuperset(self.words.values())


@dataclass(frozen=True)
class ProfileDependence:
    """What the choice of the cost profile does to the words of a comparison.

    ``replications``: profile -> how many, the scenario's own profile first. ``unpriced``: profile -> design that it
    cannot price and the operation that it lacks. ``pairs`` come metric by metric in the order of the headline, and are
    empty when there is no second profile or no second design. ``sentences`` are plain words: what was tried, one per
    metric, then the profiles that are missing.
    """

    replications: Mapping[str, int]
    unpriced: Mapping[str, tuple[str, str]]
    pairs: tuple[PairUnderProfiles, ...]

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that priced all designs, the scenario's own first."""
        return tuple(self.replications)

    @property
    def own(self) -> str:
        """The profile that the comparison itself was made with."""
        return self.profiles[0]

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Plain words, a sentence each."""
        of_metric = {
            name: [PairWords(p.design, p.reference, p.words, p.reading) for p in self.pairs if p.metric == name]
            for name in dict.fromkeys(pair.metric for pair in self.pairs)
        }
        return (
            lead(self.replications, [NOWHERE if pair.is_open else pair.reading for pair in self.pairs]),
            *(metric_sentence(name, pairs) for name, pairs in of_metric.items()),
            *(unpriced_sentence(name, *lack) for name, lack in self.unpriced.items()),
        )


def judge_profiles(
    own: Verdicts, others: Mapping[str, Verdicts], unpriced: Mapping[str, tuple[str, str]]
) -> ProfileDependence:
    """Put the words of a comparison beside those of the same designs under other profiles.

    ``others``: profile -> verdicts. Raises ValueError when the designs are not the same.
    """
    verdicts = {own.scenario.profile.name: own, **others}
    if any(one.designs != own.designs for one in verdicts.values()):
        raise ValueError("words can be put side by side only for the same designs")
    pairs = _pairs(own, list(verdicts.values())) if others else []
    under = tuple(
        PairUnderProfiles(
            metric,
            design,
            reference,
            {name: _judgement(one, metric, design, reference) for name, one in verdicts.items()},
        )
        for metric in HEADLINE_METRICS
        for design, reference in pairs
    )
    return ProfileDependence({name: one.scenario.run.replications for name, one in verdicts.items()}, unpriced, under)


def _pairs(own: Verdicts, verdicts: Sequence[Verdicts]) -> list[tuple[str, str]]:
    """As in the headlines: first against the design that caches, then against the first."""
    held = {design for one in verdicts for design in one.opponents}
    against_cache = [(design, str(own.opponent)) for design in own.designs if design in held]
    return against_cache + [(design, own.baseline) for design in own.designs[1:]]


def _judgement(verdicts: Verdicts, metric: str, design: str, reference: str) -> Judgement | None:
    judged = verdicts.judgements if reference == verdicts.baseline else verdicts.opponents
    return judged[design][metric] if design in judged else None
