"""Base model of every value in a scenario, and the folders of the bundled data."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """A value that cannot be changed; unknown keys are refused, and so are texts and truth values for numbers."""

    # Most models are only fields of others and need no validator of their own, so each is built at its first use.
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


_PACKAGE = Path(__file__).resolve().parents[1]


def find_bundled(folder: str) -> Path:
    """Find a folder of the bundled data, such as "profiles".

    The data are beside the package in a checkout, and inside it when installed.
    """
    inside = _PACKAGE / "data" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / "data" / folder


def bundled_scenarios() -> dict[str, Path]:
    """List the bundled scenarios: name -> file."""
    return {path.stem: path for path in sorted(find_bundled("scenarios").glob("*.toml"))}
