"""Installation of a package in a folder: its modules and the entry points that it declares."""

from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

from support.command_line import environment

EXAMPLE = Path(__file__).parent / "example_plugin"


def install_example(folder: Path) -> dict[str, str]:
    """Install the example plug-in in a folder; returns the environment of processes that have it."""
    from example_plugin import ENTRY_POINTS

    copytree(EXAMPLE, folder / EXAMPLE.name, ignore=lambda *_: ["__pycache__"])
    return declare(folder, "example-plugin", ENTRY_POINTS)


def declare(folder: Path, package: str, entry_points: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Declare a package with these entry points, as an installer writes them down."""
    metadata = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    lines = [
        line
        for group, named in entry_points.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in named.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return environment(PYTHONPATH=str(folder))
