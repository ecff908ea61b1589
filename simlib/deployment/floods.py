"""Floods: requests from outside the population with tokens that were never issued, as real bytes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from simlib.engine.faults import ExtraArrivals
from simlib.scenario.effects import Answer, Call, Flow
from simlib.scenario.fault_times import FaultTime
from simlib.scenario.faults import Flood, UnknownKidFlood
from simlib.scenario.messages import HttpRequest
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.tokens import (
    ACCESS_TOKEN_TYPE,
    SigningKey,
    build_access_token_claims,
    generate_signing_key,
    make_opaque_token,
    sign_jwt,
)

TIMEOUT_S = 30.0
"""Assumption: as patient as the usual client."""
LIFETIME_S = 300.0


class _Visit(NamedTuple):
    instant: float
    name: str
    ordinal: int


def build_flood_arrivals(
    world: World, floods: list[tuple[FaultTime, Flood]], host: str, variates: Variates
) -> ExtraArrivals | None:
    """The requests of all floods, in order of time; they start on ``host``. None without a flood."""
    visits = sorted(visit for time, flood in floods for visit in _draw_visits(time, flood, variates))
    kinds = {time.name: flood for time, flood in floods}
    if not visits:
        return None

    def make(number: int) -> Flow[Answer]:
        visit = visits[number]
        return _present_token(_make_token(world, kinds[visit.name], visit, variates))

    return ExtraArrivals(tuple(visit.instant for visit in visits), host, make)


def _draw_visits(time: FaultTime, flood: Flood, variates: Variates) -> Iterator[_Visit]:
    """A Poisson stream while the flood lasts. Several floods of one name have ordinals of their own."""
    first = int(time.begin * 1_000) * 1_000_000
    mean = flood.rate * (time.end - time.begin)
    count = int(mean + 6 * np.sqrt(mean) + 20)
    gaps = -np.log1p(-variates.draw_column(f"fault.{time.name}.{first}.visit", count)) / flood.rate
    for number, instant in enumerate((time.begin + np.cumsum(gaps)).tolist()):
        if instant < time.end:
            yield _Visit(instant, time.name, first + number)


def _present_token(token: str) -> Flow[Answer]:
    answer: Answer = yield Call("api", HttpRequest(f"Bearer {token}"), TIMEOUT_S)
    return answer


def _make_token(world: World, flood: Flood, visit: _Visit, variates: Variates) -> str:
    """Another one for each visit: a random string, or a JWT with everything right but the key and its name."""
    entropy = variates.random_bytes(f"fault.{visit.name}.token", visit.ordinal, 32)
    if not isinstance(flood, UnknownKidFlood):
        return make_opaque_token(entropy)
    key = generate_signing_key("ES256", "stranger")
    claims: dict[str, Any] = build_access_token_claims(
        world.authorization_server.issuer,
        world.service.audience,
        "user-0000000000",
        "client",
        world.service.scope,
        visit.instant,
        LIFETIME_S,
        entropy[:16].hex(),
        {},
    )
    return sign_jwt(claims, SigningKey(key.private_key, entropy[16:24].hex(), "ES256"), ACCESS_TOKEN_TYPE)
