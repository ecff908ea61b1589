"""Design: the choices of an architect, place by place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UserInformationSource = Literal["token", "introspection", "userinfo"]
PLACES = ("client", "gateway", "service", "inner_service", "downstream", "authorization_server")
"""Places of parts: ``inner_service`` is every service behind the first, ``downstream`` how services call others."""
ALWAYS = ("client", "service", "authorization_server")
"""The places that every design fills."""
Catalogue = Mapping[str, Mapping[str, type[Any]]]
"""Place -> part name -> part class with ``Settings`` and ``token_format``; also "wrappers" and "flows"."""


@dataclass(frozen=True)
class ChosenPart:
    """One part at one place: its name in the catalogue and its settings, a frozen dataclass of the part's file."""

    part: str
    settings: Any


@dataclass(frozen=True)
class RefreshPolicy:
    """Policy for refresh tokens. ``rotation``: each is valid for one use, and its reuse ends the session (RFC 9700
    section 4.14.2).

    ``lifetime_s``: the lifetime of a refresh token, which never outlives its session.
    """

    rotation: bool = False
    lifetime_s: float = 2_592_000.0


@dataclass(frozen=True)
class Admission:
    """Limit on the unanswered requests of each replica of a host, waiting ones included.

    Further requests are refused with 503 at once, with ``Retry-After`` (seconds) when ``retry_after_s`` is set.
    """

    limit: int
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Design:
    """Parts by place, their wrappers, the lifetime of access tokens, and the number of replicas of each host.

    ``flows``: kind of client -> the flow by which it signs in, for each kind that the world has.
    ``max_revocation_lag_s``: settings that may overlook a revocation for longer are refused. ``admission``: kind of
    host -> its admission limit. ``presets``: place -> the preset that its part and settings came from.
    """

    name: str
    title: str
    token_lifetime_s: float
    user_information: UserInformationSource
    parts: Mapping[str, ChosenPart]
    replicas: Mapping[str, int]
    wrappers: tuple[ChosenPart, ...] = ()
    flows: Mapping[str, str] = field(default_factory=dict)
    refresh: RefreshPolicy = RefreshPolicy()
    max_revocation_lag_s: float | None = None
    admission: Mapping[str, Admission] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)

    def get_settings(self, place: str) -> Any:
        """Get the settings of the part at a place."""
        return self.parts[place].settings
