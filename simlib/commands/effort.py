"""Command `simlib effort`: person-days to build and to run a design, and other measures of its complexity."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import print_warnings
from simlib.commands.options import Json
from simlib.commands.runner import print_answer

if TYPE_CHECKING:
    from simlib.decision.effort import Counts, EffortLedger, Indicator, ItemExplanation
    from simlib.scenario.design import Design
    from simlib.scenario.hosts import ServerKind
    from simlib.scenario.scenario import Scenario

NEVER_ADDED = "The figures are of different kinds and are never added up. Person-days are assumptions; enter your own."

_PRESENT = typer.Option(metavar="DESIGN", help="The design in use, from which to migrate; by default the scenario's.")
_PRODUCT = typer.Option(
    "--product/--built",
    help="Whether the authorization server is a product, whose store, endpoints and keys come with it; by default as "
    "the scenario says, else built.",
)


def effort(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="[SCENARIO]", help="A scenario file, or the name of a bundled one; by default none."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="NAME", help="List the work items of a design or of a part.")
    ] = None,
    estimates: Annotated[
        Path | None, typer.Option("--effort", metavar="CSV", help="Your own estimates in place of the bundled ones.")
    ] = None,
    stacks: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="API stacks: languages, frameworks.")
    ] = None,
    services: Annotated[int | None, typer.Option(min=1, max=100_000, metavar="N", help="API services.")] = None,
    clients: Annotated[int | None, typer.Option(min=0, max=100_000, metavar="N", help="Client applications.")] = None,
    present: Annotated[str | None, _PRESENT] = None,
    product: Annotated[bool | None, _PRODUCT] = None,
    json: Json = False,
) -> None:
    """Estimate the person-days to build and to run the designs, and measure their complexity in other ways.

    Effort is the sum over the work items, with their sources, that the parts of a design need; each is a beta-PERT
    distribution times the count that it scales with. Without SCENARIO: seven strategies in their simplest form.

    \b
    Examples:
      simlib effort                                        seven strategies, one API
      simlib effort web-shop --stacks 3 --services 20      the designs of a scenario
      simlib effort web-shop --present opaque              the effort of the migration
      simlib effort web-shop --product                     the authorization server is a product
      simlib effort --explain jwt_local                    the work items of a part
      simlib effort web-shop --explain opaque_cached       the work items of a design
      simlib effort --effort my-team.csv                   with your own estimates

    \b
    A file of estimates (the other columns are optional; a new id also needs part, kind, scales_with; cells may be
    separated by semicolons or tabs, and numbers may have a decimal comma, as spreadsheets write them):
      id,pd_low,pd_likely,pd_high
      J05,1,2,3

    Exit status: 0, 2 for bad input.
    """
    from simlib.decision.effort import load_ledger, resolve_counts
    from simlib.deployment.loading import load_scenario

    ledger = load_ledger(overrides=estimates)
    loaded = None if scenario is None else load_scenario(scenario)
    if loaded is not None:
        print_warnings(loaded)
    designs = _choose_designs(loaded, (explain, present))
    kind: ServerKind | None = None if product is None else "product" if product else "built"
    counts = resolve_counts(loaded, stacks=stacks, services=services, clients=clients, server_kind=kind)
    today = present if present is not None or loaded is None else loaded.terms.present
    present_design = None if today is None else _find_design(designs, today)
    if explain is None:
        _report_indicators(ledger, designs, counts, present_design, loaded, json)
    else:
        _report_items(ledger, designs, counts, present_design, explain, json)


def _choose_designs(scenario: "Scenario | None", wanted: tuple[str | None, ...]) -> "Mapping[str, Design]":
    """Those of the scenario, else the reference designs; refuses a name in ``wanted`` that lacks its package."""
    from simlib.decision.effort import build_reference_designs, list_skipped_designs
    from simlib.scenario.errors import InputError

    if scenario is not None:
        return scenario.designs
    skipped = list_skipped_designs()
    for name in filter(None, wanted):
        if name in skipped:
            raise InputError(skipped[name])
    return build_reference_designs()


def _find_design(designs: "Mapping[str, Design]", name: str) -> "Design":
    from simlib.scenario.errors import InputError, describe_unknown

    if name not in designs:
        raise InputError(f"--present: {describe_unknown('design', name, designs)}")
    return designs[name]


def _report_indicators(
    ledger: "EffortLedger",
    designs: "Mapping[str, Design]",
    counts: "Counts",
    present: "Design | None",
    scenario: "Scenario | None",
    json: bool,
) -> None:
    from simlib.commands.effort_terminal import print_indicators
    from simlib.decision.effort import (
        describe_missing_items,
        describe_server_kind,
        list_parts_without_items,
        list_skipped_designs,
        list_uncounted_documents,
        measure_indicators,
    )
    from simlib.decision.effort.indicators import count_process

    process_counts = None if scenario is None else count_process(scenario)
    indicators = measure_indicators(ledger, designs, counts, present=present, process_counts=process_counts)
    uncounted = {name: list_uncounted_documents(design) for name, design in designs.items()}
    titles = ", ".join(dict.fromkeys(title for documents in uncounted.values() for title in documents))
    notes = [_describe_counts(counts), describe_server_kind(ledger, designs, counts)]
    notes += [f"Obligations of {titles} also apply and were not counted."] if titles else []
    notes += describe_missing_items(ledger, designs)
    skipped = list(list_skipped_designs().values()) if scenario is None else []
    without_items = {name: list(list_parts_without_items(ledger, design)) for name, design in designs.items()}
    documents = {name: list(titles) for name, titles in uncounted.items()}
    further = {"documents_not_counted": documents, "parts_without_items": without_items, "skipped": skipped}
    print_answer(
        json,
        lambda: _build_document(indicators, ledger, counts) | further,
        lambda: print_indicators(indicators, list(designs), [*filter(None, notes), *skipped, NEVER_ADDED]),
    )


def _report_items(
    ledger: "EffortLedger",
    designs: "Mapping[str, Design]",
    counts: "Counts",
    present: "Design | None",
    name: str,
    json: bool,
) -> None:
    from simlib.commands.effort_terminal import print_items
    from simlib.decision.effort import (
        describe_missing_item,
        describe_missing_items,
        describe_server_kind,
        explain_design,
        explain_part,
    )

    is_design = name in designs
    groups = (
        {name: explain_design(ledger, designs[name], counts, present=present)}
        if is_design
        else explain_part(ledger, name, designs)
    )
    if is_design:
        notes = [_describe_counts(counts), _describe_totals(ledger, designs[name], counts, present)]
        notes += [describe_server_kind(ledger, {name: designs[name]}, counts)]
        notes += describe_missing_items(ledger, {name: designs[name]})
    else:
        parts = [part for title in groups for part in title.split(", ")]
        notes = [f"{part}: {ledger.none_because[part]}" for part in parts if part in ledger.none_because]
        without = [part for title, items in groups.items() if not items for part in title.split(", ")]
        notes += [describe_missing_item(part) for part in without if part not in ledger.none_because]
    items = {title: [_build_item(explanation) for explanation in group] for title, group in groups.items()}
    print_answer(
        json,
        lambda: {"ledger": ledger.source, "explained": name, "items": items},
        lambda: print_items(groups, [*filter(None, notes), f"Estimates: {ledger.source}."]),
    )


def _describe_totals(ledger: "EffortLedger", design: "Design", counts: "Counts", present: "Design | None") -> str:
    from simlib.decision.effort import compute_expected_effort

    days = compute_expected_effort(ledger, {"": design}, counts, present=present)[""]
    return f"In all {days.one_off_days:.1f} person-days to build and {days.yearly_days:.1f} each year (means)."


def _describe_counts(counts: "Counts") -> str:
    things = {
        "API stack": counts.stacks,
        "API service": counts.services,
        "client": counts.clients,
        "authorization server": counts.authorization_servers,
    }
    words = (f"{number} {thing}" + ("" if number == 1 else "s") for thing, number in things.items())
    return f"For {', '.join(words)}."


def _build_document(indicators: "tuple[Indicator, ...]", ledger: "EffortLedger", counts: "Counts") -> dict[str, Any]:
    from simlib.decision.effort.indicator import LEVEL

    return {
        "ledger": ledger.source,
        "counts": {name: getattr(counts, name) for name in ("stacks", "services", "clients", "authorization_servers")},
        "authorization_server": counts.server_kind,
        "level": LEVEL,
        "indicators": [
            {
                **{name: getattr(indicator, name) for name in ("name", "label", "unit", "mark", "source")},
                "values": {
                    design: None if value is None else list(value) for design, value in indicator.values.items()
                },
            }
            for indicator in indicators
        ],
    }


def _build_item(explanation: "ItemExplanation") -> dict[str, Any]:
    item = explanation.item
    return {
        **{name: getattr(item, name) for name in item.__dataclass_fields__},
        "parts": list(item.parts),
        "mean_days": item.mean,
        "times": explanation.times,
        "because": list(explanation.brought_by),
    }
