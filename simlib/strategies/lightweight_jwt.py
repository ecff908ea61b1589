"""Lightweight JWT: only what RFC 9068 section 2.2 demands (S21 of data/evidence/strategies.csv)."""

from dataclasses import replace
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.strategies.base import Deployment
from simlib.strategies.jwt_access_token import JwtAccessToken, JwtAccessTokenSettings


class LightweightJwt(JwtAccessToken):
    """Small whatever is known about the user: such claims are asked for where they are needed."""

    name: ClassVar[str] = "lightweight_jwt"
    summary: ClassVar[str] = "signed JWT access token with the required claims only, never claims about the user"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")

    @staticmethod
    def operations(settings: JwtAccessTokenSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return JwtAccessToken.operations(settings, _without_user(deployment))

    def __init__(self, settings: JwtAccessTokenSettings, deployment: Deployment) -> None:
        super().__init__(settings, _without_user(deployment))


def _without_user(deployment: Deployment) -> Deployment:
    return replace(deployment, user_information="userinfo") if deployment.user_information == "token" else deployment
