"""What a design costs to build and to run, in person-days: sourced work items hung on the parts of designs.

The method: three-point estimates of traceable work items (beta-PERT), times what each scales with, times one shared
factor for the team. Every estimate is an assumption that users may replace.
"""

from simlib.decision.effort.advisories import advisories_of, class_totals, library_rate
from simlib.decision.effort.cocomo import cocomo_days
from simlib.decision.effort.cosmic import cosmic_points
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
from simlib.decision.effort.explaining import Explained, explain_design, explain_part, ledger_parts
from simlib.decision.effort.indicator import Indicator
from simlib.decision.effort.indicators import indicators
from simlib.decision.effort.items import EffortLedger, Item
from simlib.decision.effort.keys import Key, bringing, design_keys, is_known, known_parts, part_names
from simlib.decision.effort.ledger import load_ledger, override
from simlib.decision.effort.measured_code import code_pairs, code_size, ratio_of
from simlib.decision.effort.obligations import must_counts, obligations_of, uncounted
from simlib.decision.effort.organisation import organisation_counts
from simlib.decision.effort.own_code import design_sizes, part_size
from simlib.decision.effort.pert import pert_mean, pert_ppf, pert_sd
from simlib.decision.effort.reference import reference_designs

__all__ = [
    "TEAM",
    "TEAM_SIGMA",
    "Counts",
    "EffortDraws",
    "EffortLedger",
    "ExpectedEffort",
    "Explained",
    "Indicator",
    "Item",
    "Key",
    "Swing",
    "Work",
    "advisories_of",
    "bringing",
    "class_totals",
    "cocomo_days",
    "code_pairs",
    "code_size",
    "cosmic_points",
    "design_keys",
    "design_sizes",
    "draw_effort",
    "effort_from_uniforms",
    "effort_swings",
    "expected_effort",
    "explain_design",
    "explain_part",
    "indicators",
    "is_known",
    "known_parts",
    "ledger_parts",
    "library_rate",
    "load_ledger",
    "must_counts",
    "needed_items",
    "obligations_of",
    "organisation_counts",
    "override",
    "part_names",
    "part_size",
    "pert_mean",
    "pert_ppf",
    "pert_sd",
    "ratio_of",
    "reference_designs",
    "team_factor_at",
    "uncounted",
    "uniform_of",
    "work_of",
]
