"""Document model of a scenario file, before parts are looked up in the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import Field

from simlib.scenario.base import FrozenModel
from simlib.scenario.economics import Organisation, Prices, Terms, Worth
from simlib.scenario.limits import Limits, Margins
from simlib.scenario.run import Run
from simlib.scenario.world import World


class Replicas(FrozenModel):
    """Number of replicas of each host, in each of its regions; ``inner_service``: of each inner service."""

    service: Annotated[int, Field(ge=1, le=1000)] = 1
    authorization_server: Annotated[int, Field(ge=1, le=1000)] = 1
    gateway: Annotated[int, Field(ge=1, le=1000)] = 1
    inner_service: Annotated[int, Field(ge=1, le=1000)] = 1


class AdmissionDocument(FrozenModel):
    """Admission limit of a host; see `simlib.scenario.design.Admission`."""

    limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="most unanswered requests of each replica; further ones are refused with 503"
    )
    retry_after_s: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        default=None, description="Retry-After of the refusal, seconds"
    )


class AdmissionsDocument(FrozenModel):
    """Admission limits by kind of host; none by default."""

    service: AdmissionDocument | None = None
    authorization_server: AdmissionDocument | None = None
    gateway: AdmissionDocument | None = None
    inner_service: AdmissionDocument | None = None


class RefreshDocument(FrozenModel):
    """Policy of the authorization server for refresh tokens; see `simlib.scenario.design.RefreshPolicy`."""

    rotation: bool = Field(default=False, description="each is valid for one use, and its reuse ends the session")
    lifetime_s: Annotated[float, Field(ge=1, le=1e9)] = 2_592_000.0


class DesignDocument(FrozenModel):
    """One design: its token and the part at each place, named by ``part`` with its settings beside it.

    ``gateway`` only for designs that use the world's gateway. ``inner_service`` is how inner services validate (by
    default as ``service``), ``downstream`` the token with which services call others. ``wrappers`` wrap the parts in
    their order. ``flows``: kind of client -> the flow by which it signs in.
    """

    title: str = ""
    token_lifetime_s: Annotated[float, Field(ge=2, le=31_536_000)]
    user_information: Literal["token", "introspection", "userinfo"] = Field(
        description="source of claims about the user for the service"
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
