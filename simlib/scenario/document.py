"""The scenario file as pydantic sees it, before parts are looked up in the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import Field

from simlib.scenario.base import FrozenModel
from simlib.scenario.economics import Organisation, Prices, Terms, Worth
from simlib.scenario.run import Run
from simlib.scenario.scenario import Limits, Margins
from simlib.scenario.world import World


class Replicas(FrozenModel):
    """How many replicas each host has, in each region where it stands; ``inner_service``: each inner service."""

    service: Annotated[int, Field(ge=1, le=1000)] = 1
    authorization_server: Annotated[int, Field(ge=1, le=1000)] = 1
    gateway: Annotated[int, Field(ge=1, le=1000)] = 1
    inner_service: Annotated[int, Field(ge=1, le=1000)] = 1


class AdmissionDocument(FrozenModel):
    """The limit at the door of a host; see `simlib.scenario.design.Admission`."""

    limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="requests that each replica has at most and has not answered; more are refused with 503"
    )
    retry_after_s: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        default=None, description="what the refusal says about when to come again"
    )


class AdmissionsDocument(FrozenModel):
    """Limits on admission by kind of host; none where nothing is said."""

    service: AdmissionDocument | None = None
    authorization_server: AdmissionDocument | None = None
    gateway: AdmissionDocument | None = None
    inner_service: AdmissionDocument | None = None


class RefreshDocument(FrozenModel):
    """What the authorization server does with refresh tokens; see `simlib.scenario.design.RefreshPolicy`."""

    rotation: bool = Field(default=False, description="each is good for one use, and its reuse ends the session")
    lifetime_s: Annotated[float, Field(ge=1, le=1e9)] = 2_592_000.0


class DesignDocument(FrozenModel):
    """One design: its token and the part at each place, named by ``part`` with its settings beside it.

    ``gateway`` only for designs that use the world's gateway. ``inner_service`` is how inner services validate (by
    default as ``service``), ``downstream`` with which token services call others. ``wrappers`` are put around the
    parts in their order. ``flows``: kind of client -> the flow by which it signs in.
    """

    title: str = ""
    token_lifetime_s: Annotated[float, Field(ge=2, le=31_536_000)]
    user_information: Literal["token", "introspection", "userinfo"] = Field(
        description="where the service gets claims about the user from"
    )
    client: dict[str, Any] = Field(default={"part": "bearer"})
    gateway: dict[str, Any] | None = None
    service: dict[str, Any]
    inner_service: dict[str, Any] | None = None
    downstream: dict[str, Any] | None = None
    authorization_server: dict[str, Any]
    wrappers: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    flows: dict[str, str] = Field(default={})
    refresh: RefreshDocument = RefreshDocument()
    max_revocation_lag_s: Annotated[float, Field(ge=0, le=1e9)] | None = Field(
        default=None, description="refuse settings under which a revoked token may be accepted for longer than this"
    )
    replicas: Replicas = Replicas()
    admission: AdmissionsDocument = AdmissionsDocument()
    presets: dict[str, str] = Field(
        default={}, description="written by runs: place -> the preset that its part and settings came from"
    )


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
    prices: Prices = Prices()
    worth: Worth = Worth()
    organisation: Organisation = Organisation()
    decision: Terms = Terms()
