"""The tiny scenario under attack: its whole matrix, run once for all tests of a process."""

from functools import cache
from typing import Any

from simlib.attacks import ATTACKS
from simlib.experiment.attack_matrix import Cell, plan_attacks, run_attacks
from simlib.pentest.attack_run import AttackRun, run_attack
from simlib.pentest.attack_session import AttackSession
from simlib.pentest.design_variants import choose_client_kind, list_catalogue_designs
from simlib.pentest.target import Target
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario
from support.scenarios import scenario

TOKEN_ATTACKS = [name for name, kind in ATTACKS.items() if kind.against == "token"]


@cache
def tiny() -> Scenario:
    """The tiny scenario."""
    return scenario()


@cache
def catalogue() -> dict[str, Design]:
    """One design for every part of the catalogue, by name."""
    return {design.name: design for design in list_catalogue_designs(tiny())}


@cache
def matrix() -> tuple[Cell, ...]:
    """Run the attack matrix of the tiny scenario, with its vulnerable designs."""
    return run_attacks(plan_attacks(tiny()))


def attacked(design: Design, attack: str, **changes: Any) -> AttackRun:
    """One attack on one design."""
    return run_attack(Target(tiny(), design, **{"kind": choose_client_kind(tiny()), **changes}), attack)


def accepted(group: str, attack: str) -> list[Cell]:
    """The cells of a group in which an attack was successful."""
    return [
        cell
        for cell in matrix()
        if (cell.group, cell.attack_run.attack, cell.attack_run.outcome) == (group, attack, "accepted")
    ]


def settled(design: Design, **changes: Any) -> AttackSession:
    """A design with owner and attacker signed in; to be closed by the caller."""
    session = AttackSession(Target(tiny(), design, **{"kind": choose_client_kind(tiny()), **changes}))
    session.sign_in_users()
    return session
