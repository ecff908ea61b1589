"""Profile dependence of verdicts: their words under several cost profiles side by side, with a sentence per metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.comparison import Verdicts
from simlib.decision.notes import HEADLINE_METRICS
from simlib.decision.verdicts import Judgement

OPEN = frozenset({"undecided", "undefined"})
"""Words without a decision, which contradict no other."""
NEVER_DECIDED = "nowhere"
"""Reading of a pair that is not decided under any profile."""
_NUMBERS = {2: "both profiles", 3: "all three profiles", 4: "all four profiles", 5: "all five profiles"}


class PairWords(NamedTuple):
    """One design against another in one metric: profile -> word, and the reading of all words together.

    ``reading``: "same", "changes" (two words contradict each other), or "open" (some are not decided).
    """

    design: str
    reference: str
    words: Mapping[str, str]
    reading: str


def describe_readings(replications: Mapping[str, int], readings: Sequence[str]) -> str:
    """Sentence about the profiles compared and the number of words that stay the same.

    ``replications``: profile -> number of replications, the scenario's own profile first.
    """
    own, *others = replications
    if not others:
        return f"{own} is the only cost profile that was tried, so how far the verdict depends on it is not known."
    tried = f"The same requests were priced under {len(replications)} cost profiles: {_name_profiles(replications)}."
    if not readings:
        return f"{tried} One design alone has no words to change."
    stay, change, unknown = (readings.count(reading) for reading in ("same", "changes", "open"))
    counts = [f"{stay} of {len(readings)} words stay the same", f"{change} change{'s' if change == 1 else ''}"]
    if unknown:
        counts.append(f"{unknown} cannot be compared, being undecided under some profile")
    if never := readings.count(NEVER_DECIDED):
        counts.append(f"{never} {'is' if never == 1 else 'are'} not known under any")
    return f"{tried} {_join(counts)}."


def describe_metric(name: str, pairs: Sequence[PairWords]) -> str:
    """Sentence about the dependence of one metric's words on the profile, for all pairs of designs."""
    metric = METRICS[name]
    same = [pair for pair in pairs if pair.reading == "same"]
    descriptions = [
        _describe_by_profile(pair, metric)
        for reading in ("changes", "open")
        for pair in pairs
        if pair.reading == reading
    ]
    if same:
        descriptions.append(f"under {_count_profiles(len(pairs[0].words))} {_describe_by_word(same, metric)}")
    readings = {pair.reading for pair in pairs}
    if all(word in OPEN for pair in pairs for word in pair.words.values()):
        verb = "is not known under any profile"
    elif "changes" in readings:
        verb = "depends on the profile"
    elif "open" in readings:
        verb = "is contradicted under no profile, but not decided under every one"
    else:
        verb = "does not depend on the profile"
    return f"{metric.label[0].upper()}{metric.label[1:]}: the verdict {verb}: {'; '.join(descriptions)}."


def describe_unpriced_profile(profile: str, design: str, operation: str) -> str:
    """Sentence about a profile that was left out for want of an operation."""
    return f"{profile} cannot price design {design}: lacks {operation}; it is left out."


def _describe_by_profile(pair: PairWords, metric: Metric) -> str:
    """One pair: the single profile with another word, where there is one; else every word with its profiles."""
    groups = _group_by_word({profile: _name_word(word, metric) for profile, word in pair.words.items()})
    pair_name = f"{pair.design} against {pair.reference}"
    alone = [word for word, profiles in groups.items() if len(profiles) == 1]
    if len(pair.words) > 2 and len(groups) == 2 and len(alone) == 1:
        (other,) = (word for word in groups if word not in alone)
        return f"{pair_name} is {alone[0]} only under {groups[alone[0]][0]}, and {other} under the others"
    return f"{pair_name} is {_join([f'{word} under {_join(profiles)}' for word, profiles in groups.items()])}"


def _describe_by_word(pairs: Sequence[PairWords], metric: Metric) -> str:
    """Pairs whose words are the same under all profiles, grouped by word."""
    groups = _group_by_word(
        {f"{p.design} {p.reference}": _name_word(next(iter(p.words.values())), metric) for p in pairs}
    )
    return _join(
        [f"{word} for {_join([_name_pair(word, *own.split()) for own in both])}" for word, both in groups.items()]
    )


def _name_pair(word: str, design: str, reference: str) -> str:
    return f"{design} {'than' if word in ('lower', 'higher') else 'against'} {reference}"


def _group_by_word(words: Mapping[str, str]) -> dict[str, list[str]]:
    """Word -> keys that have it, in their order."""
    groups: dict[str, list[str]] = {}
    for key, word in words.items():
        groups.setdefault(word, []).append(key)
    return groups


def _name_word(word: str, metric: Metric) -> str:
    """Word for readers: the direction of the difference in place of its judgement."""
    if word == "undefined":
        return "not comparable"
    if metric.lower_is_better is None or word not in ("better", "worse"):
        return word
    return "lower" if (word == "better") == metric.lower_is_better else "higher"


def _name_profiles(replications: Mapping[str, int]) -> str:
    return _join([f"{name} ({number} replication{'s' * (number != 1)})" for name, number in replications.items()])


def _count_profiles(count: int) -> str:
    return _NUMBERS.get(count, f"all {count} profiles")


def _join(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


Reading = Literal["same", "changes", "open"]
NO_WORD = "unstable"
"""Stands for the word where a design of the pair is unstable under that profile."""


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
        return {name: NO_WORD if judgement is None else judgement.word for name, judgement in self.judgements.items()}

    @property
    def reading(self) -> Reading:
        """Reading of the words: all the same, contradicted by another, or not decided under some profile."""
        words = set(self.words.values())
        if len(words) == 1:
            return "same"
        return "changes" if len(words - OPEN) > 1 else "open"

    @property
    def is_open(self) -> bool:
        """Whether the pair is decided under no profile."""
        return OPEN.issuperset(self.words.values())


@dataclass(frozen=True)
class ProfileDependence:
    """Dependence of a comparison's words on the cost profile.

    ``replications``: profile -> how many, the scenario's own profile first. ``unpriced``: profile -> design that it
    cannot price and the operation that it lacks. ``pairs`` come metric by metric in the order of the headline, and are
    empty when there is no second profile or no second design.
    """

    replications: Mapping[str, int]
    unpriced: Mapping[str, tuple[str, str]]
    pairs: tuple[PairUnderProfiles, ...]

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that price all designs, the scenario's own first."""
        return tuple(self.replications)

    @property
    def own(self) -> str:
        """Profile of the comparison itself."""
        return self.profiles[0]

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Sentences: the profiles compared, one per metric, then the profiles that are missing."""
        of_metric = {
            name: [PairWords(p.design, p.reference, p.words, p.reading) for p in self.pairs if p.metric == name]
            for name in dict.fromkeys(pair.metric for pair in self.pairs)
        }
        return (
            describe_readings(
                self.replications, [NEVER_DECIDED if pair.is_open else pair.reading for pair in self.pairs]
            ),
            *(describe_metric(name, pairs) for name, pairs in of_metric.items()),
            *(describe_unpriced_profile(name, *lack) for name, lack in self.unpriced.items()),
        )


def judge_profiles(
    own: Verdicts, others: Mapping[str, Verdicts], unpriced: Mapping[str, tuple[str, str]]
) -> ProfileDependence:
    """Compare the words of a comparison with those of the same designs under other profiles.

    ``others``: profile -> verdicts. Raises ValueError when the designs are not the same.
    """
    verdicts = {own.scenario.profile.name: own, **others}
    if any(other.designs != own.designs for other in verdicts.values()):
        raise ValueError("words can be compared only for the same designs")
    pairs = _list_pairs(own, list(verdicts.values())) if others else []
    under = tuple(
        PairUnderProfiles(
            metric,
            design,
            reference,
            {name: _find_judgement(judged, metric, design, reference) for name, judged in verdicts.items()},
        )
        for metric in HEADLINE_METRICS
        for design, reference in pairs
    )
    return ProfileDependence(
        {name: judged.scenario.run.replications for name, judged in verdicts.items()}, unpriced, under
    )


def _list_pairs(own: Verdicts, verdicts: Sequence[Verdicts]) -> list[tuple[str, str]]:
    """Pairs in the order of the headlines: first against the design that caches, then against the first."""
    opposed = {design for judged in verdicts for design in judged.opponents}
    against_cache = [(design, str(own.opponent)) for design in own.designs if design in opposed]
    return against_cache + [(design, own.baseline) for design in own.designs[1:]]


def _find_judgement(verdicts: Verdicts, metric: str, design: str, reference: str) -> Judgement | None:
    judgements = verdicts.judgements if reference == verdicts.baseline else verdicts.opponents
    return judgements[design][metric] if design in judgements else None
