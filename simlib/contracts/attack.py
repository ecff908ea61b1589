"""Attack contract: an attack declares what it needs, is reproducible, and is accepted where a check is missing."""

from dataclasses import fields
from typing import Any

from simlib.attacks import ATTACKS, AttackerAssets, register_attack
from simlib.contracts.requirements import name_failures, require
from simlib.contracts.tiny_scenario import build_tiny_scenario
from simlib.experiment.attack_matrix import Cell, PlannedCell, plan_attacks, run_attacks
from simlib.pentest.attack_run import AttackRun, run_attack
from simlib.pentest.attacker_assets import ASSETS
from simlib.scenario.registry import isolate_registrations

OUTCOMES = ("refused", "accepted", "inapplicable")
AGAINST = ("token", "flow")


def check_attack(attack: type[Any], *, succeeds: bool = True) -> None:
    """Hold an attack to its contract; raises AssertionError with a sentence that names the fault.

    It is run on the designs of a tiny scenario, on sound and vulnerable parts, servers and flows. ``succeeds``: it is
    accepted by at least one of them; give False for an attack on something that only your own parts lack.
    """
    with isolate_registrations(), name_failures(attack.name):
        check_declarations(attack)
        if ATTACKS.get(attack.name) is not attack:
            register_attack(attack)
        planned = plan_attacks(build_tiny_scenario(), only=(attack.name,))
        cells = run_attacks(planned)
        for cell in cells:
            with name_failures(f"on {cell.target.design.name}, {cell.setting}"):
                check_result(cell)
        check_reproducibility(planned, cells)
        accepted = any(cell.attack_run.outcome == "accepted" for cell in cells)
        require(accepted or not succeeds, "it is accepted nowhere, not even by vulnerable parts, servers and flows")


def check_declarations(attack: type[Any]) -> None:
    """An attack has a summary and a source, is against tokens or flows, and needs assets that can be obtained."""
    sourced = getattr(attack, "summary", "") and getattr(attack, "source", "")
    against, needs = getattr(attack, "against", None), getattr(attack, "needs", ())
    require(bool(sourced), "it must have a summary and a source, such as an RFC")
    require(against in AGAINST, f"against must be one of {', '.join(AGAINST)}, not {against!r}")
    obtainable = {field.name for field in fields(AttackerAssets)} & set(ASSETS)
    unknown = sorted(set(needs) - obtainable)
    require(not unknown, f"needs names {', '.join(unknown)}; obtainable are {', '.join(sorted(obtainable))}")


def check_result(cell: Cell) -> None:
    """A result has an outcome and a check, and requests exactly if the attack is accepted."""
    result = cell.attack_run
    require(result.outcome in OUTCOMES, f"its outcome is {result.outcome!r}")
    require(bool(result.check), f"it is {result.outcome} without a check or a reason")
    is_accepted = result.outcome == "accepted"
    require(
        (result.requests > 0) == is_accepted,
        f"it is {result.outcome} with {result.requests} accepted requests",
    )


def check_reproducibility(planned: tuple[PlannedCell, ...], cells: tuple[Cell, ...]) -> None:
    """The same attack on the same target ends the same, attempt by attempt."""
    for plan, cell in list(zip(planned, cells, strict=True))[:2]:
        again: AttackRun = run_attack(plan.target, plan.attack)
        same = (again.attempts, again.outcome, again.seconds) == (
            cell.attack_run.attempts,
            cell.attack_run.outcome,
            cell.attack_run.seconds,
        )
        require(same, f"two runs on {plan.target.design.name} end differently")
