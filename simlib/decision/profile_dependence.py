"""How far a verdict depends on the cost profile: its words under several profiles, side by side.

Words for how far a verdict depends on the cost profile: one sentence per metric.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from simlib.analysis.metrics import METRICS, Metric
from simlib.decision.comparison import Verdicts
from simlib.decision.notes import HEADLINE_METRICS
from simlib.decision.verdicts import Judgement

OPEN = frozenset({"undecided", "undefined"})
"""Words that say that something is not known, and so contradict no other."""
NOWHERE = "nowhere"
"""How the words of a pair are counted of which nothing is known under any profile."""
_NUMBERS = {2: "both profiles", 3: "all three profiles", 4: "all four profiles", 5: "all five profiles"}


class PairWords(NamedTuple):
    """One design against another in one metric: profile -> word, and how these words are read together.

    ``reading``: "same", "changes" (two words contradict each other), or "open" (some are merely not decided).
    """

    design: str
    reference: str
    words: Mapping[str, str]
    reading: str


def lead(replications: Mapping[str, int], readings: Sequence[str]) -> str:
    """What was tried, and how many of the words stay; ``replications``: profile -> how many, the own one first."""
    own, *others = replications
    if not others:
        return f"{own} is the only cost profile that was tried, so how far the verdict depends on it is not known."
    tried = f"The same requests were priced under {len(replications)} cost profiles: {_tried(replications)}."
    if not readings:
        return f"{tried} One design alone has no words to change."
    stay, change, unknown = (readings.count(reading) for reading in ("same", "changes", "open"))
    counts = [f"{stay} of {len(readings)} words stay the same", f"{change} change{'s' if change == 1 else ''}"]
    if unknown:
        counts.append(f"{unknown} cannot be told, being undecided under some profile")
    if nowhere := readings.count(NOWHERE):
        counts.append(f"{nowhere} {'is' if nowhere == 1 else 'are'} not known under any")
    return f"{tried} {_listed(counts)}."


def metric_sentence(name: str, pairs: Sequence[PairWords]) -> str:
    """Whether the words of one metric depend on the profile, for all pairs of designs; ends with a full stop."""
    metric = METRICS[name]
    same = [pair for pair in pairs if pair.reading == "same"]
    told = [_by_profile(pair, metric) for reading in ("changes", "open") for pair in pairs if pair.reading == reading]
    if same:
        told.append(f"under {_all(len(pairs[0].words))} {_by_word(same, metric)}")
    readings = {pair.reading for pair in pairs}
    if all(word in OPEN for pair in pairs for word in pair.words.values()):
        verb = "is not known under any profile"
    elif "changes" in readings:
        verb = "depends on the profile"
    elif "open" in readings:
        verb = "is contradicted under no profile, but not decided under every one"
    else:
        verb = "does not depend on the profile"
    return f"{metric.label[0].upper()}{metric.label[1:]}: the verdict {verb}: {'; '.join(told)}."


def unpriced_sentence(profile: str, design: str, operation: str) -> str:
    """That a profile was left out, and why."""
    return f"{profile} cannot price design {design}: lacks {operation}; it is left out."


def _by_profile(pair: PairWords, metric: Metric) -> str:
    """One pair: the profile that stands alone, where there is one; else every word with its profiles."""
    groups = _groups({profile: _shown(word, metric) for profile, word in pair.words.items()})
    who = f"{pair.design} against {pair.reference}"
    alone = [word for word, profiles in groups.items() if len(profiles) == 1]
    if len(pair.words) > 2 and len(groups) == 2 and len(alone) == 1:
        (other,) = (word for word in groups if word not in alone)
        return f"{who} is {alone[0]} only under {groups[alone[0]][0]}, and {other} under the others"
    return f"{who} is {_listed([f'{word} under {_listed(profiles)}' for word, profiles in groups.items()])}"


def _by_word(pairs: Sequence[PairWords], metric: Metric) -> str:
    """Pairs whose words are the same everywhere, those of one word together."""
    groups = _groups({f"{p.design} {p.reference}": _shown(next(iter(p.words.values())), metric) for p in pairs})
    return _listed(
        [f"{word} for {_listed([_pair(word, *own.split()) for own in both])}" for word, both in groups.items()]
    )


def _pair(word: str, design: str, reference: str) -> str:
    return f"{design} {'than' if word in ('lower', 'higher') else 'against'} {reference}"


def _groups(words: Mapping[str, str]) -> dict[str, list[str]]:
    """Word -> what has it, in the order given."""
    groups: dict[str, list[str]] = {}
    for key, word in words.items():
        groups.setdefault(word, []).append(key)
    return groups


def _shown(word: str, metric: Metric) -> str:
    """The direction where a word judges it: a reader wants to know which way."""
    if word == "undefined":
        return "not comparable"
    if metric.lower_is_better is None or word not in ("better", "worse"):
        return word
    return "lower" if (word == "better") == metric.lower_is_better else "higher"


def _tried(replications: Mapping[str, int]) -> str:
    return _listed([f"{name} ({number} replication{'s' * (number != 1)})" for name, number in replications.items()])


def _all(count: int) -> str:
    return _NUMBERS.get(count, f"all {count} profiles")


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


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
