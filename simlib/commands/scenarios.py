"""simlib scenarios: what is bundled."""

from typing import Annotated, Any

import typer

from simlib.commands.console import console, print_json, show


def scenarios(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the bundled scenarios: names for `simlib compare`, and files to copy and change.

    \b
    Example:
      simlib compare web-shop
    """
    found = _found()
    if json:
        print_json(found)
        return
    screen = console()
    for one in found:
        show(screen, f"{one['name']}: {one['title']}", 0, "bold")
        show(screen, one["description"], 2)
        show(screen, f"about {one['expected_requests']:,.0f} requests per run, {one['replications']} replications", 2)
        show(screen, f"designs: {', '.join(one['designs'])}", 2)
        screen.print(f"  {one['path']}", soft_wrap=True)


def _found() -> list[dict[str, Any]]:
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
