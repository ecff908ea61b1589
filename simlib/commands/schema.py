"""Command `simlib schema`: JSON Schema of scenario files, for editors and checkers."""

from simlib.commands.console import print_json


def schema() -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    \b
    Example:
      simlib schema > scenario.schema.json
    and as the first line of a scenario file, for editors that use Taplo:
      #:schema ./scenario.schema.json
    """
    from simlib.deployment.parts import PARTS
    from simlib.engine.stations import list_disciplines
    from simlib.scenario.schema import build_scenario_schema

    print_json(build_scenario_schema(PARTS, list_disciplines()))
