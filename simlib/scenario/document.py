"""The scenario file as pydantic sees it, before parts are looked up in the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import Field

from simlib.scenario.run import Run
from simlib.scenario.scenario import Limits, Margins
from simlib.scenario.values import FrozenModel
from simlib.scenario.world import World


class Replicas(FrozenModel):
    """How many replicas each host has."""

    service: Annotated[int, Field(ge=1, le=1000)] = 1
    authorization_server: Annotated[int, Field(ge=1, le=1000)] = 1


class DesignDocument(FrozenModel):
    """One design: its token and the part at each place, named by ``part`` with its settings beside it."""

    title: str = ""
    token_lifetime_s: Annotated[float, Field(ge=2, le=31_536_000)]
    user_information: Literal["token", "introspection", "userinfo"] = Field(
        description="where the service gets claims about the user from"
    )
    client: dict[str, Any] = Field(default={"part": "bearer"})
    service: dict[str, Any]
    authorization_server: dict[str, Any]
    replicas: Replicas = Replicas()


class ScenarioDocument(FrozenModel):
    """A whole scenario file."""

    format: Literal[1] = 1
    name: str = Field(default="", description="by default the name of the file")
    title: str
    description: str = ""
    world: World
    designs: Annotated[dict[str, DesignDocument], Field(min_length=1)]
    run: Run
    limits: Limits = Limits()
    margins: Margins = Margins()
