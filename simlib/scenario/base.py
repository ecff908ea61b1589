"""The shape of every value in a scenario: frozen, and unknown keys are refused.

Where the bundled data are: beside the package in a checkout, inside it when installed.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """A value that cannot be changed, knows no misspelt key and takes no text or truth for a number."""

    # A model that only others hold needs no validator of its own: those that are asked for are built when they are.
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


_PACKAGE = Path(__file__).resolve().parents[1]


def bundled(folder: str) -> Path:
    """The path of one folder of the bundled data, such as "profiles" or "scenarios"."""
    inside = _PACKAGE / "data" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / "data" / folder


def bundled_scenarios() -> dict[str, Path]:
    """Name -> file of the bundled scenarios."""
    return {path.stem: path for path in sorted(bundled("scenarios").glob("*.toml"))}
