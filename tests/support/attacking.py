"""The tiny scenario under attack: its whole matrix, run once for all tests of a process."""

from functools import cache
from typing import Any

from simlib.attacks import ATTACKS
from simlib.experiment.attack_matrix import Cell, plan_attacks, run_attacks
from simlib.pentest.attack_run import Encounter, run_attack
from simlib.pentest.attack_session import Field
from simlib.pentest.target import Ground
from simlib.pentest.targets import binds, catalogue_designs, token_kind
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario
from simlib.tokens import header_of
from support.scenarios import scenario

TOKEN_ATTACKS = [name for name, kind in ATTACKS.items() if kind.against == "token"]
ABOUT_LIFE = ("replayed_bearer", "use_after_revocation", "altered_revoked_copy")
"""Attacks with good tokens in wrong hands: what refuses them is a binding, or the end of the token."""


@cache
def tiny() -> Scenario:
    """The tiny scenario."""
    return scenario()


@cache
def catalogue() -> dict[str, Design]:
    """One design for every part of the catalogue, by name."""
    return {design.name: design for design in catalogue_designs(tiny())}


@cache
def matrix() -> tuple[Cell, ...]:
    """All cells of the tiny scenario, victims included."""
    return run_attacks(plan_attacks(tiny()))


def attacked(design: Design, attack: str, **ground: Any) -> Encounter:
    """One attack on one design."""
    return run_attack(Ground(tiny(), design, **{"kind": token_kind(tiny()), **ground}), attack)


def accepted(group: str, attack: str) -> list[Cell]:
    """The cells of a group in which an attack was successful."""
    return [
        cell
        for cell in matrix()
        if (cell.group, cell.encounter.attack, cell.encounter.outcome) == (group, attack, "accepted")
    ]


def signs_with_shared_secret(design: Design) -> bool:
    """Whether the tokens themselves say so."""
    field = settled(design)
    try:
        return header_of(field.own_token).get("alg") == "HS256"
    finally:
        field.close()


def settled(design: Design, **ground: Any) -> Field:
    """A design with owner and attacker signed in; to be closed by the caller."""
    field = Field(Ground(tiny(), design, **{"kind": token_kind(tiny()), **ground}))
    field.settle()
    return field


def is_bound(design: Design) -> bool:
    """Whether tokens are bound to a key of their client."""
    return binds(tiny(), design)
