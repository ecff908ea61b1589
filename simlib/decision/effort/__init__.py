"""What a design costs to build and to run, in person-days: sourced work items hung on the parts of designs.

The method: three-point estimates of traceable work items (beta-PERT), times what each scales with, times one shared
factor for the team. Every estimate is an assumption that users may replace.
"""

from simlib.decision.effort.counting import Counts, Work, work_of
from simlib.decision.effort.drawing import (
    TEAM,
    TEAM_SIGMA,
    EffortDraws,
    draw_effort,
    effort_from_uniforms,
    needed_items,
    team_factor_at,
    uniform_of,
)
from simlib.decision.effort.expected import ExpectedEffort, Swing, effort_swings, expected_effort
from simlib.decision.effort.items import EffortLedger, Item
from simlib.decision.effort.keys import Key, bringing, design_keys, is_known, known_parts, part_names
from simlib.decision.effort.ledger import load_ledger, override
from simlib.decision.effort.pert import pert_mean, pert_ppf, pert_sd

__all__ = [
    "TEAM",
    "TEAM_SIGMA",
    "Counts",
    "EffortDraws",
    "EffortLedger",
    "ExpectedEffort",
    "Item",
    "Key",
    "Swing",
    "Work",
    "bringing",
    "design_keys",
    "draw_effort",
    "effort_from_uniforms",
    "effort_swings",
    "expected_effort",
    "is_known",
    "known_parts",
    "load_ledger",
    "needed_items",
    "override",
    "part_names",
    "pert_mean",
    "pert_ppf",
    "pert_sd",
    "team_factor_at",
    "uniform_of",
    "work_of",
]
