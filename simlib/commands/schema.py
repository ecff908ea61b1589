"""simlib schema: what a scenario file may hold, for editors and checkers."""

from dataclasses import MISSING, fields
from typing import Any

from simlib.commands.console import print_json


def schema() -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    \b
    Example (the first line of a scenario file, for editors that use Taplo):
      simlib schema > scenario.schema.json
      #:schema ./scenario.schema.json
    """
    print_json(scenario_schema())


def scenario_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a scenario file, the settings of every part included."""
    from simlib.scenario.document import ScenarioDocument
    from simlib.strategies import CATALOGUE

    document = ScenarioDocument.model_json_schema()
    definitions = document["$defs"]
    design = definitions["DesignDocument"]["properties"]
    for place, parts in CATALOGUE.items():
        given = {key: value for key, value in design[place].items() if key in ("title", "default", "description")}
        choices = []
        for name, part in parts.items():
            key = f"{place}.{name}"
            definitions[key] = _part(name, part, definitions)
            choices.append({"$ref": f"#/$defs/{key}"})
        design[place] = {**given, "oneOf": choices}
    document["properties"]["designs"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]{0,39}$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def _part(name: str, part: "type[Any]", definitions: dict[str, Any]) -> dict[str, Any]:
    """One part with its settings as an object that names it."""
    from pydantic import TypeAdapter

    settings = TypeAdapter(part.Settings).json_schema(ref_template="#/$defs/{model}")
    definitions.update(settings.pop("$defs", {}))
    required = [field.name for field in fields(part.Settings) if field.default is MISSING]
    return {
        "title": name,
        "description": f"{part.summary}. {' '.join((part.Settings.__doc__ or '').split())}",
        "type": "object",
        "properties": {"part": {"const": name, "description": part.summary}, **settings.get("properties", {})},
        "required": ["part", *required],
        "additionalProperties": False,
    }
