"""What a design costs to build and to run, in person-days: sourced work items hung on the parts of designs.

The method: three-point estimates of traceable work items (beta-PERT), times what each scales with, times one shared
factor for the team. Every estimate is an assumption that users may replace.
"""

from simlib.decision.effort.cocomo import cocomo_days
from simlib.decision.effort.code_size import design_sizes, part_size
from simlib.decision.effort.cosmic import cosmic_points
from simlib.decision.effort.estimates import (
    TEAM,
    TEAM_SIGMA,
    EffortDraws,
    ExpectedEffort,
    Swing,
    draw_effort,
    effort_from_uniforms,
    effort_swings,
    expected_effort,
    needed_items,
    team_factor_at,
    uniform_of,
)
from simlib.decision.effort.explaining import Explained, explain_design, explain_part, ledger_parts, reference_designs
from simlib.decision.effort.indicator import Indicator
from simlib.decision.effort.indicators import indicators
from simlib.decision.effort.item_keys import (
    Counts,
    Key,
    Work,
    bringing,
    design_keys,
    is_known,
    known_parts,
    part_names,
    work_of,
)
from simlib.decision.effort.items import EffortLedger, Item
from simlib.decision.effort.ledger import load_ledger, override
from simlib.decision.effort.person_days import organisation_counts
from simlib.decision.effort.pert import pert_mean, pert_ppf, pert_sd
from simlib.decision.effort.public_evidence import (
    advisories_of,
    class_totals,
    code_pairs,
    code_size,
    library_rate,
    must_counts,
    obligations_of,
    ratio_of,
    uncounted,
)

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
