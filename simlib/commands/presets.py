"""Command `simlib presets`: default settings of gateways and libraries, with the source of every value."""

from typing import Annotated, Any

import typer

from simlib.commands.console import open_console, print_json, print_paragraph


def presets(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the presets: default settings of gateways and libraries, each value with its source.

    \b
    In a scenario file, a preset is named in place of a part; settings beside it override those of the preset:
      [designs.mine]
      service = { preset = "pyjwt-2.12" }
      service = { preset = "spring-security", jwks_lifetime_s = 3600 }
    A product with only one version may be named without the version.
    """
    listed = _collect_presets()
    if json:
        print_json(listed)
        return
    screen = open_console()
    for preset in listed:
        print_paragraph(screen, f"{preset['preset']}: {preset['title']}", 0, "bold")
        if preset["note"]:
            print_paragraph(screen, preset["note"], 2)
        print_paragraph(screen, f"part {preset['part']}", 2)
        for setting in preset["settings"]:
            print_paragraph(screen, f"{setting['name']} = {_format_toml(setting['value'])}", 4)
            print_paragraph(screen, setting["source"], 8, "dim")
        print_paragraph(screen, f"sources read {preset['read']}", 2, "dim")


def _collect_presets() -> list[dict[str, Any]]:
    from simlib.scenario.presets import load_presets

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
        for preset in load_presets().values()
    ]


def _format_toml(value: Any) -> str:
    from json import dumps

    return dumps(value)
