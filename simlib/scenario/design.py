"""A design: what an architect chooses, place by place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

UserInformationSource = Literal["token", "introspection", "userinfo"]
PLACES = ("client", "service", "authorization_server")


@dataclass(frozen=True)
class Chosen:
    """One part at one place: its name in the catalogue and its settings, a frozen dataclass of the part's file."""

    part: str
    settings: Any


@dataclass(frozen=True)
class Design:
    """The parts by place, how long access tokens live, and how many replicas each host has."""

    name: str
    title: str
    token_lifetime_s: float
    user_information: UserInformationSource
    parts: Mapping[str, Chosen]
    replicas: Mapping[str, int]

    def settings(self, place: str) -> Any:
        """The settings of the part at a place."""
        return self.parts[place].settings
