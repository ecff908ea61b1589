"""simlib effort: what designs cost to build and to run, and how complicated they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import print_json

if TYPE_CHECKING:
    from simlib.decision.effort import Counts, EffortLedger, Explained, Indicator
    from simlib.scenario.design import Design
    from simlib.scenario.scenario import Scenario

NEVER_ADDED = "The figures are of different kinds: nobody adds them up. Person-days are assumptions; put in your own."


def effort(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="[SCENARIO]", help="A scenario file, or the name of a bundled one; by default none."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="NAME", help="List the work items of a design or of a part.")
    ] = None,
    estimates: Annotated[
        Path | None, typer.Option("--effort", metavar="CSV", help="Your own estimates in place of the ledger's.")
    ] = None,
    stacks: Annotated[int | None, typer.Option(min=1, metavar="N", help="API stacks: languages, frameworks.")] = None,
    services: Annotated[int | None, typer.Option(min=1, metavar="N", help="API services.")] = None,
    clients: Annotated[int | None, typer.Option(min=0, metavar="N", help="Client applications.")] = None,
    present: Annotated[
        str | None, typer.Option(metavar="DESIGN", help="The design in use: what does going over take?")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Say what designs cost to build and to run in person-days, and how complicated they are by other measures.

    Effort is the sum over sourced work items that the parts of a design bring, each a beta-PERT distribution, times
    what it scales with. Without SCENARIO: seven strategies in their plainest form.

    \b
    Examples:
      simlib effort                                        seven strategies, one API
      simlib effort web-shop --stacks 3 --services 20      the designs of a scenario
      simlib effort web-shop --present opaque              what going over takes
      simlib effort --explain jwt_local                    what stands behind a part
      simlib effort web-shop --explain opaque_cached       what stands behind a design
      simlib effort --effort my-team.csv                   with your own estimates

    \b
    A file of estimates (the other columns are optional; a new id also needs part, kind, scales_with):
      id,pd_low,pd_likely,pd_high
      J05,1,2,3

    Exit status: 0, 2 for bad input.
    """
    from simlib.decision.effort import load_ledger, organisation_counts, reference_designs
    from simlib.deployment.loading import load_scenario

    ledger = load_ledger(overrides=estimates)
    loaded = None if scenario is None else load_scenario(scenario)
    designs = reference_designs() if loaded is None else loaded.designs
    counts = organisation_counts(loaded, stacks=stacks, services=services, clients=clients)
    now = None if present is None else _design(designs, present)
    if explain is None:
        _indicators(ledger, designs, counts, now, loaded, json)
    else:
        _explained(ledger, designs, counts, now, explain, json)


def _design(designs: "Mapping[str, Design]", name: str) -> "Design":
    from simlib.scenario.errors import InputError, unknown

    if name not in designs:
        raise InputError(f"--present: {unknown('design', name, designs)}")
    return designs[name]


def _indicators(
    ledger: "EffortLedger",
    designs: "Mapping[str, Design]",
    counts: "Counts",
    present: "Design | None",
    scenario: "Scenario | None",
    json: bool,
) -> None:
    from simlib.commands.effort_terminal import show_indicators
    from simlib.decision.effort import indicators, uncounted
    from simlib.decision.effort.indicators import lived_counts

    lived = None if scenario is None else lived_counts(scenario)
    found = indicators(ledger, designs, counts, present=present, lived=lived)
    missing = {name: uncounted(design) for name, design in designs.items()}
    if json:
        documents = {name: list(titles) for name, titles in missing.items()}
        print_json(_document(found, ledger, counts) | {"documents_not_counted": documents})
        return
    notes = [_counted(counts), NEVER_ADDED]
    if any(missing.values()):
        titles = ", ".join(dict.fromkeys(title for each in missing.values() for title in each))
        notes.insert(1, f"Obligations of {titles} hold too and were not counted.")
    show_indicators(found, list(designs), notes)


def _explained(
    ledger: "EffortLedger",
    designs: "Mapping[str, Design]",
    counts: "Counts",
    present: "Design | None",
    name: str,
    json: bool,
) -> None:
    from simlib.commands.effort_terminal import show_items
    from simlib.decision.effort import explain_design, explain_part

    is_design = name in designs
    groups = (
        {name: explain_design(ledger, designs[name], counts, present=present)}
        if is_design
        else explain_part(ledger, name, designs)
    )
    if json:
        items = {title: [_item(explained) for explained in group] for title, group in groups.items()}
        print_json({"ledger": ledger.source, "explained": name, "items": items})
        return
    named = [part for title in groups for part in title.split(", ")]
    reasons = [f"{part}: {ledger.none_because[part]}" for part in named if part in ledger.none_because]
    totals = [_counted(counts), _totals(ledger, designs[name], counts, present)] if is_design else reasons
    show_items(groups, [*totals, f"Estimates: {ledger.source}."])


def _totals(ledger: "EffortLedger", design: "Design", counts: "Counts", present: "Design | None") -> str:
    from simlib.decision.effort import expected_effort

    days = expected_effort(ledger, {"": design}, counts, present=present)[""]
    return f"In all {days.one_off_days:.1f} person-days to build and {days.yearly_days:.1f} each year (means)."


def _counted(counts: "Counts") -> str:
    return (
        f"For {counts.stacks} API stack{_s(counts.stacks)}, {counts.services} API service{_s(counts.services)}, "
        f"{counts.clients} client{_s(counts.clients)}, {counts.authorization_servers} authorization server"
        f"{_s(counts.authorization_servers)}."
    )


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _document(found: "tuple[Indicator, ...]", ledger: "EffortLedger", counts: "Counts") -> dict[str, Any]:
    from simlib.decision.effort.indicator import LEVEL

    return {
        "ledger": ledger.source,
        "counts": {name: getattr(counts, name) for name in counts.__dataclass_fields__},
        "level": LEVEL,
        "indicators": [
            {
                **{name: getattr(one, name) for name in ("name", "label", "unit", "mark", "source")},
                "values": {design: None if value is None else list(value) for design, value in one.values.items()},
            }
            for one in found
        ],
    }


def _item(explained: "Explained") -> dict[str, Any]:
    item = explained.item
    return {
        **{name: getattr(item, name) for name in item.__dataclass_fields__},
        "parts": list(item.parts),
        "mean_days": item.mean,
        "times": explained.times,
        "because": list(explained.because),
    }
