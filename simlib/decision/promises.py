"""Promises of designs: for how long, by its settings, a design may accept a token that should no longer work.

Computed once, where verdicts are judged, from the parts that check the client's token; `Verdicts.promises` carries them
to reports and decisions.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from simlib.deployment.bounds import compute_design_bound
from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.scenario import Scenario
from simlib.strategies import CATALOGUE
from simlib.tokens import OPAQUE

_PLACES = ("gateway", "service", "inner_service")


def list_checking_parts(design: Design) -> tuple[tuple[type[Any], ChosenPart], ...]:
    """Part and choice at every place that checks the token of the client, outermost first.

    Behind a gateway that forwards another credential only the gateway checks it.
    """
    parts = []
    for part, chosen in _iterate_checking_parts(design):
        parts.append((part, chosen))
        if getattr(part, "forwards", None) is not None:
            break
    return tuple(parts)


def _iterate_checking_parts(design: Design) -> Iterator[tuple[type[Any], ChosenPart]]:
    for place in _PLACES:
        if place in design.parts:
            chosen = design.parts[place]
            part = CATALOGUE[place][chosen.part]
            if getattr(part, "checks", True):
                yield part, chosen


def _is_self_contained(part: type[Any]) -> bool:
    """Whether a part takes tokens of a self-contained format."""
    return part.token_format is not None and bool(part.token_format.is_self_contained)


def has_introspection_cache(design: Design) -> bool:
    """Whether a checking part caches introspection answers about opaque tokens."""
    return any(part.caches_answers and not _is_self_contained(part) for part, _ in list_checking_parts(design))


def has_self_contained_tokens(design: Design) -> bool:
    """Whether a checking part reads the validity of the client's token from the token itself."""
    return any(_is_self_contained(part) for part, _ in list_checking_parts(design))


def has_readable_tokens(design: Design) -> bool:
    """Whether clients can read their access token, by its format at the outermost checking part."""
    formats = (part.token_format for part, _ in list_checking_parts(design) if part.token_format is not None)
    return bool(next(formats, OPAQUE).is_readable)


@dataclass(frozen=True)
class ValidityBounds:
    """Seconds for which a token is accepted at most after its expiry and after its revocation; infinite without bound.

    ``outlives_expiry`` and ``outlives_revocation`` mark settings of which a reader must know: a token may be accepted
    after ``exp`` or after its revocation for longer than an answer of the authorization server can be in transit (the
    timeout of an introspection, ``answer_timeout_s``, and of any call about tokens, ``call_timeout_s``).
    ``after_claims_change_s``: seconds for which claims that have changed, such as a role, may still be used (NaN: not
    computed).
    """

    after_expiry_s: float
    after_revocation_s: float
    call_timeout_s: float
    after_claims_change_s: float = math.nan
    answer_timeout_s: float = 0.0

    @property
    def outlives_expiry(self) -> bool:
        """Whether a token may work after ``exp``, beyond an answer in transit."""
        return self.after_expiry_s > self.answer_timeout_s

    @property
    def outlives_revocation(self) -> bool:
        """Whether a token may work after its revocation, beyond an answer in transit."""
        return self.after_revocation_s > self.call_timeout_s

    @property
    def marks(self) -> tuple[str, ...]:
        """Both marks as words, as far as they hold."""
        marks = {"may outlive exp": self.outlives_expiry, "may outlive a revocation": self.outlives_revocation}
        return tuple(words for words, holds in marks.items() if holds)

    @property
    def sentence(self) -> str:
        """Promise as a sentence without its subject and full stop."""
        marks = f" [{', '.join(self.marks)}]" if self.marks else ""
        expired, revoked = format_seconds(self.after_expiry_s), format_seconds(self.after_revocation_s)
        return f"a token works for at most {expired} after its expiry and {revoked} after its revocation{marks}"


def compute_promises(scenario: Scenario) -> Mapping[str, ValidityBounds]:
    """Design -> bounds that its parts declare under their settings."""
    return MappingProxyType({name: compute_bounds(scenario, design) for name, design in scenario.designs.items()})


def compute_bounds(scenario: Scenario, design: Design) -> ValidityBounds:
    """Bounds of one design.

    Wrappers that receive revocations receive no changes of claims: without them, claims are as old as a token or a
    cached answer can be; a wrapper that caches makes them older.
    """
    bound = compute_design_bound(scenario, design)
    unwrapped = compute_design_bound(scenario, replace(design, wrappers=()))
    return ValidityBounds(
        bound.after_expiry_s,
        bound.after_revocation_s,
        max(_find_answer_timeout(design), _find_longest_timeout(design.wrappers)),
        max(bound.after_revocation_s, unwrapped.after_revocation_s),
        _find_answer_timeout(design),
    )


def _find_answer_timeout(design: Design) -> float:
    """Longest wait of a checking part for an answer about a token; self-contained tokens need none."""
    return _find_longest_timeout(chosen for part, chosen in list_checking_parts(design) if not _is_self_contained(part))


def _find_longest_timeout(parts: Iterable[ChosenPart]) -> float:
    return max((getattr(chosen.settings, "timeout_s", 0.0) for chosen in parts), default=0.0)


def format_seconds(seconds: float) -> str:
    """Bound in seconds as text."""
    return f"{seconds:,.6g} s" if math.isfinite(seconds) else "unlimited time"


def list_promise_sentences(promises: Mapping[str, ValidityBounds]) -> tuple[str, ...]:
    """One sentence per design."""
    return tuple(f"{name}: {bounds.sentence}." for name, bounds in promises.items())
