"""simlib schema: what a scenario file may hold, for editors and checkers."""

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
    from simlib.scenario.schema import scenario_schema

    print_json(scenario_schema(PARTS))
