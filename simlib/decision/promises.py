"""What each design promises about tokens that should no longer work, said and marked for reports.

Which parts of a design judge the client's token, and what kind of parts they are.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simlib.deployment.enforcement_points import design_bound
from simlib.scenario.design import Chosen, Design
from simlib.scenario.scenario import Scenario
from simlib.strategies import CATALOGUE

_PLACES = ("gateway", "service", "inner_service")


def judges(design: Design) -> tuple[tuple[type[Any], Chosen], ...]:
    """Part and choice of everybody who judges the token that the client presents, outermost first.

    Behind a gateway that passes another credential inwards, nobody but the gateway does.
    """
    found = []
    for kind, chosen in _checking(design):
        found.append((kind, chosen))
        if getattr(kind, "forwards", None) is not None:
            break
    return tuple(found)


def _checking(design: Design) -> Iterator[tuple[type[Any], Chosen]]:
    for place in _PLACES:
        if place in design.parts:
            chosen = design.parts[place]
            kind = CATALOGUE[place][chosen.part]
            if getattr(kind, "checks", True):
                yield kind, chosen


def caches_answers(design: Design) -> bool:
    """Whether a judge keeps answers of the authorization server about tokens that say nothing by themselves."""
    return any(kind.caches_answers and kind.token_format in (None, "opaque") for kind, _ in judges(design))


def reads_tokens(design: Design) -> bool:
    """Whether a judge finds out from the client's token itself what it is worth."""
    return any(kind.token_format not in (None, "opaque") for kind, _ in judges(design))


@dataclass(frozen=True)
class Promised:
    """For how many seconds at most a token works after its expiry and after its revocation; infinite without bound.

    ``outlives_expiry`` and ``outlives_revocation`` mark settings of which a reader must know: a token may be accepted
    after ``exp``, or after its revocation for longer than an answer of the authorization server can be on its way
    (the timeout of the call, ``on_its_way_s``).
    """

    after_expiry_s: float
    after_revocation_s: float
    on_its_way_s: float

    @property
    def outlives_expiry(self) -> bool:
        """Whether a token may work after ``exp``."""
        return self.after_expiry_s > 0

    @property
    def outlives_revocation(self) -> bool:
        """Whether a token may work after its revocation, beyond an answer that was on its way."""
        return self.after_revocation_s > self.on_its_way_s

    @property
    def marks(self) -> tuple[str, ...]:
        """Both marks as words, none where nothing is outlived."""
        outlived = {"may outlive exp": self.outlives_expiry, "may outlive a revocation": self.outlives_revocation}
        return tuple(words for words, holds in outlived.items() if holds)

    @property
    def sentence(self) -> str:
        """The promise in one sentence."""
        marks = f" [{', '.join(self.marks)}]" if self.marks else ""
        expired, revoked = told_seconds(self.after_expiry_s), told_seconds(self.after_revocation_s)
        return f"a token works for at most {expired} after its expiry and {revoked} after its revocation{marks}"


def promised(scenario: Scenario) -> Mapping[str, Promised]:
    """Design -> what it promises, from the bounds that its parts declare under their settings."""
    return {name: _promised(scenario, design) for name, design in scenario.designs.items()}


def _promised(scenario: Scenario, design: Design) -> Promised:
    bound = design_bound(scenario, design)
    return Promised(bound.after_expiry_s, bound.after_revocation_s, _on_its_way(design))


def _on_its_way(design: Design) -> float:
    """The longest that a judge waits for an answer about a token; a judge that reads tokens asks about none."""
    asking = [chosen for kind, chosen in judges(design) if kind.token_format in (None, "opaque")]
    timeouts = [getattr(chosen.settings, "timeout_s", 0.0) for chosen in (*asking, *design.wrappers)]
    return max(timeouts, default=0.0)


def told_seconds(seconds: float) -> str:
    """Seconds as a bound is told."""
    return f"{seconds:,.6g} s" if math.isfinite(seconds) else "unlimited time"


def promise_sentences(scenario: Scenario) -> tuple[str, ...]:
    """One line per design."""
    return tuple(f"{name}: {own.sentence}." for name, own in promised(scenario).items())


def claims_bounds(scenario: Scenario) -> Mapping[str, float]:
    """Design -> seconds for which a role that was changed may still be acted on, by settings; infinite without bound.

    A wrapper that hears of revocations hears of no roles: without it, what is known of a user is as old as a token or
    an answer gets. One that keeps answers for longer makes them older.
    """
    return {name: _claims_bound(scenario, design) for name, design in scenario.designs.items()}


def _claims_bound(scenario: Scenario, design: Design) -> float:
    alone = replace(design, wrappers=())
    return max(design_bound(scenario, own).after_revocation_s for own in (design, alone))
