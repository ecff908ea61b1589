"""Effort of designs in person-days, to build and to run: sourced work items that are brought by the parts of designs.

Method: three-point estimates of work items (beta-PERT), times the number that each scales with, times one shared factor
for the team. Every estimate is an assumption that users may replace.
"""

from simlib.decision.effort.code_size import measure_design, measure_part
from simlib.decision.effort.estimates import (
    TEAM,
    TEAM_SIGMA,
    EffortDraws,
    ExpectedEffort,
    Swing,
    compute_effort,
    compute_effort_swings,
    compute_expected_effort,
    compute_team_factor,
    draw_effort,
    draw_item_uniforms,
    draw_shared_effort,
    list_needed_items,
    pert_mean,
    pert_ppf,
    pert_sd,
)
from simlib.decision.effort.explaining import (
    ItemExplanation,
    build_reference_designs,
    describe_missing_item,
    describe_missing_items,
    describe_server_kind,
    explain_design,
    explain_part,
    list_ledger_parts,
    list_parts_without_items,
    list_skipped_designs,
)
from simlib.decision.effort.indicator import Indicator
from simlib.decision.effort.indicators import count_cosmic_points, estimate_cocomo_days, measure_indicators
from simlib.decision.effort.item_keys import (
    Key,
    find_matching_keys,
    is_known,
    list_design_keys,
    list_known_parts,
    list_part_names,
)
from simlib.decision.effort.items import EffortLedger, Item
from simlib.decision.effort.ledger import load_ledger, override
from simlib.decision.effort.person_days import resolve_counts
from simlib.decision.effort.public_evidence import (
    compute_library_rate,
    compute_median_code_size,
    count_advisory_classes,
    count_obligations,
    estimate_ratio,
    find_advisory_rate,
    list_code_pairs,
    list_obligations,
    list_uncounted_documents,
)
from simlib.decision.effort.work import Counts, Work, compute_work, list_product_items

__all__ = [
    "TEAM",
    "TEAM_SIGMA",
    "Counts",
    "EffortDraws",
    "EffortLedger",
    "ExpectedEffort",
    "Indicator",
    "Item",
    "ItemExplanation",
    "Key",
    "Swing",
    "Work",
    "build_reference_designs",
    "compute_effort",
    "compute_effort_swings",
    "compute_expected_effort",
    "compute_library_rate",
    "compute_median_code_size",
    "compute_team_factor",
    "compute_work",
    "count_advisory_classes",
    "count_cosmic_points",
    "count_obligations",
    "describe_missing_item",
    "describe_missing_items",
    "describe_server_kind",
    "draw_effort",
    "draw_item_uniforms",
    "draw_shared_effort",
    "estimate_cocomo_days",
    "estimate_ratio",
    "explain_design",
    "explain_part",
    "find_advisory_rate",
    "find_matching_keys",
    "is_known",
    "list_code_pairs",
    "list_design_keys",
    "list_known_parts",
    "list_ledger_parts",
    "list_needed_items",
    "list_obligations",
    "list_part_names",
    "list_parts_without_items",
    "list_product_items",
    "list_skipped_designs",
    "list_uncounted_documents",
    "load_ledger",
    "measure_design",
    "measure_indicators",
    "measure_part",
    "override",
    "pert_mean",
    "pert_ppf",
    "pert_sd",
    "resolve_counts",
]
