"""Which parts of a design judge the client's token, and what kind of parts they are."""

from collections.abc import Iterator
from typing import Any

from simlib.scenario.design import Chosen, Design
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
