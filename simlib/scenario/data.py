"""Where the bundled data are: beside the package in a checkout, inside it when installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def bundled(folder: str) -> Path:
    """The path of one folder of the bundled data, such as "profiles" or "scenarios"."""
    inside = _PACKAGE / "data" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / "data" / folder


def bundled_scenarios() -> dict[str, Path]:
    """Name -> file of the bundled scenarios."""
    return {path.stem: path for path in sorted(bundled("scenarios").glob("*.toml"))}
