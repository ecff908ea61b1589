"""Command `simlib scenarios`: the bundled scenarios."""

from typing import Annotated, Any

import typer

from simlib.commands.console import open_console, print_json, print_paragraph


def scenarios(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the bundled scenarios: names for other commands, and files to copy and change.

    \b
    Example:
      simlib compare web-shop
    """
    listed = _collect_scenarios()
    if json:
        print_json(listed)
        return
    screen = open_console()
    for scenario in listed:
        print_paragraph(screen, f"{scenario['name']}: {scenario['title']}", 0, "bold")
        print_paragraph(screen, scenario["description"], 2)
        print_paragraph(
            screen,
            f"about {scenario['expected_requests']:,.0f} requests per run, {scenario['replications']} replications",
            2,
        )
        print_paragraph(screen, f"designs: {', '.join(scenario['designs'])}", 2)
        screen.print(f"  {scenario['path']}", soft_wrap=True)


def _collect_scenarios() -> list[dict[str, Any]]:
    from simlib.deployment.loading import load_scenario
    from simlib.scenario.base import bundled_scenarios

    loaded = [(name, path, load_scenario(path)) for name, path in bundled_scenarios().items()]
    return [
        {
            "name": name,
            "title": scenario.title,
            "description": scenario.description,
            "path": str(path),
            "expected_requests": scenario.expected_requests,
            "replications": scenario.run.replications,
            "designs": list(scenario.designs),
        }
        for name, path, scenario in loaded
    ]
