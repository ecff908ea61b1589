"""The shape of every value in a scenario: frozen, and unknown keys are refused."""

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """A value that cannot be changed, knows no misspelt key and takes no text or truth for a number."""

    # A model that only others hold needs no validator of its own: those that are asked for are built when they are.
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", allow_inf_nan=False, strict=True)
