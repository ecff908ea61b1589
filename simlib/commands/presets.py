"""simlib presets: what products do by default, with the source of every value."""

from typing import Annotated, Any

import typer

from simlib.commands.console import console, print_json, show


def presets(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the presets: what gateways and libraries do by default, value by value with its source.

    \b
    In a scenario file, the name of a preset stands in the place of a part; settings beside it override its own:
      [designs.mine]
      service = { preset = "pyjwt-2.12" }
      service = { preset = "spring-security", jwks_lifetime_s = 3600 }
    A product with one version only may be named without it.
    """
    found = _found()
    if json:
        print_json(found)
        return
    screen = console()
    for one in found:
        show(screen, f"{one['preset']}: {one['title']}", 0, "bold")
        if one["note"]:
            show(screen, one["note"], 2)
        show(screen, f"part {one['part']}", 2)
        for setting in one["settings"]:
            show(screen, f"{setting['name']} = {_toml(setting['value'])}", 4)
            show(screen, setting["source"], 8, "dim")
        show(screen, f"sources read {one['read']}", 2, "dim")


def _found() -> list[dict[str, Any]]:
    from simlib.scenario.presets import presets as bundled

    return [
        {
            "preset": preset.name,
            "product": preset.product,
            "version": preset.version,
            "title": preset.title,
            "note": preset.note,
            "read": preset.read,
            "part": preset.part,
            "wrappers": [table["part"] for table in preset.wrappers],
            "settings": [
                {"name": name, "value": value, "source": preset.sources[name]} for name, value in preset.values.items()
            ],
        }
        for preset in bundled().values()
    ]


def _toml(value: Any) -> str:
    from json import dumps

    return dumps(value)
