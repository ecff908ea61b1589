"""A design: what an architect chooses, place by place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UserInformationSource = Literal["token", "introspection", "userinfo"]
PLACES = ("client", "gateway", "service", "inner_service", "downstream", "authorization_server")
"""Where parts stand: ``inner_service`` is every service behind the first, ``downstream`` how services call others."""
ALWAYS = ("client", "service", "authorization_server")
"""The places that every design fills."""


@dataclass(frozen=True)
class Chosen:
    """One part at one place: its name in the catalogue and its settings, a frozen dataclass of the part's file."""

    part: str
    settings: Any


@dataclass(frozen=True)
class RefreshPolicy:
    """``rotation``: every refresh token is good for one use, and its reuse ends the session (RFC 9700 section 4.14.2).

    ``lifetime_s``: how long a refresh token lives; one of a session never outlives the session.
    """

    rotation: bool = False
    lifetime_s: float = 2_592_000.0


@dataclass(frozen=True)
class Admission:
    """How many requests each replica of a host has at most that it has not answered, those that wait included.

    More are refused with 503 at once, with ``Retry-After`` (seconds) when ``retry_after_s`` is set.
    """

    limit: int
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Design:
    """The parts by place, what is put around them, how long access tokens live, and how many replicas each host has.

    ``flows``: kind of client -> the flow by which it signs in, for each kind that the world has.
    ``max_revocation_lag_s``: settings that may overlook a revocation for longer are refused. ``admission``: kind of
    host -> the limit at its door. ``presets``: place -> the preset that its part and settings came from.
    """

    name: str
    title: str
    token_lifetime_s: float
    user_information: UserInformationSource
    parts: Mapping[str, Chosen]
    replicas: Mapping[str, int]
    wrappers: tuple[Chosen, ...] = ()
    flows: Mapping[str, str] = field(default_factory=dict)
    refresh: RefreshPolicy = RefreshPolicy()
    max_revocation_lag_s: float | None = None
    admission: Mapping[str, Admission] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)

    def settings(self, place: str) -> Any:
        """The settings of the part at a place."""
        return self.parts[place].settings
