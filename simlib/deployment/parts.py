"""The parts of one design, made for one world: what stands at each place, with the wrappers around it.

An authorization server whose signing key changes while it runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from types import MappingProxyType
from typing import Any, NamedTuple

from simlib.flows import FLOWS, VICTIM_FLOWS
from simlib.scenario.design import Chosen, Design
from simlib.scenario.effects import Context, Flow
from simlib.scenario.hosts import GATEWAY, SERVICE, InnerService
from simlib.scenario.messages import TokenRow
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.services import user_claims
from simlib.strategies import (
    CATALOGUE,
    Credentials,
    Deployment,
    Grant,
    Issued,
    Issuer,
    Presenter,
    Propagator,
    Validator,
    Wrapper,
)
from simlib.strategies.vulnerable import VICTIMS
from simlib.tokens import KeySet, SigningKey, generate_signing_key, header_of, paseto_kid

SIGNED_FORMATS = ("jwt", "paseto", "encrypted")
"""Formats of tokens that are worth nothing when the key that signed them is not believed any more."""


class KeyChange(NamedTuple):
    """The next key: it signs from an instant on, is published at another, and the one before is withdrawn at a third.

    All in seconds.
    """

    signs_at: float
    published_at: float
    withdraws_at: float


class RotatingIssuer:
    """One part per key, each with a key of its own and everything else the same; the present one issues and signs."""

    def __init__(self, issuers: tuple[Issuer, ...], changes: tuple[KeyChange, ...]) -> None:
        self._issuers = issuers
        self._keys = tuple(issuer.keys() for issuer in issuers)
        self._signs_from = (-inf, *(change.signs_at for change in changes))
        self._published_from = (-inf, *(change.published_at for change in changes))
        self._withdrawn_at = (*(change.withdraws_at for change in changes), inf)
        self.token_format = getattr(issuers[0], "token_format", None)
        if hasattr(issuers[0], "sign"):  # only a server with a key has it, and whoever looks must see the same
            self.sign = self._sign

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token with the present key."""
        return self._present(ctx.now()).issue(ctx, grant)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What a token stands for now; None too when its key was withdrawn."""
        issuer = self._of(token, ctx.now())
        if issuer is None:
            return None
        return (yield from issuer.inspect(ctx, token))

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let a token be inactive from now on; whether there was such a token."""
        issuer = self._of(token, ctx.now())
        if issuer is None:
            return False
        return (yield from issuer.revoke(ctx, token))

    def keys(self) -> tuple[SigningKey, ...]:
        """The keys of the beginning; what is published later says `key_set`."""
        return self._keys[0]

    def key_set(self, now: float) -> KeySet:
        """What the key set endpoint serves at an instant (seconds): the newest key first."""
        there = [n for n in range(len(self._issuers)) if self._published_from[n] <= now < self._withdrawn_at[n]]
        return KeySet(tuple(key.verification_key for n in reversed(there) for key in self._keys[n]))

    def _sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        present: Any = self._present(ctx.now())
        signed: Flow[str] = present.sign(ctx, claims, typ)
        return signed

    def _present(self, now: float) -> Issuer:
        return self._issuers[max(n for n, begin in enumerate(self._signs_from) if begin <= now)]

    def _of(self, token: str, now: float) -> Issuer | None:
        """The part whose key a token names; the present one for a token that names none of its keys."""
        kid = header_of(token).get("kid") or paseto_kid(token)
        for number, keys in enumerate(self._keys):
            if any(key.kid == kid for key in keys):
                return self._issuers[number] if now < self._withdrawn_at[number] else None
        return self._present(now)


def rotating(make: Callable[[int], Issuer], changes: tuple[KeyChange, ...]) -> Issuer:
    """The issuer whose n-th key comes from ``make(n)``; a single one when it has no key pair or keeps it."""
    first = make(0)
    if not changes or not first.keys():
        return first
    return RotatingIssuer((first, *(make(number + 1) for number in range(len(changes)))), changes)


def withdrawals(issuer: Any) -> bool:
    """Whether tokens of this issuer end with the key that signed them."""
    while not isinstance(issuer, RotatingIssuer):
        if not hasattr(issuer, "inner"):
            return False
        issuer = issuer.inner
    return issuer.token_format in SIGNED_FORMATS


INNER_SERVICE, DOWNSTREAM = "inner_service", "downstream"

PARTS: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        **{place: MappingProxyType({**parts, **VICTIMS.get(place, {})}) for place, parts in CATALOGUE.items()},
        "flows": MappingProxyType({**FLOWS, **VICTIM_FLOWS}),
    }
)
"""Everything that there is: place -> name -> part, and the flows by which clients sign in. What has a ``refused`` is a
victim: the loader says why no scenario may choose it.
"""


def part_of(place: str, name: str) -> Any:
    """The part of that name, from the catalogue or else from the victims."""
    return CATALOGUE[place].get(name) or VICTIMS[place][name]


@dataclass(frozen=True)
class Parts:
    """Everything of a design that acts. ``deployment`` is what its parts were told, in the first region."""

    design: Design
    deployment: Deployment
    wrappers: tuple[Wrapper, ...]
    presenter: Presenter
    propagator: Propagator | None

    @property
    def edge(self) -> str:
        """Where tokens that come from clients are checked first."""
        gateway = self.design.parts.get(GATEWAY)
        checks = gateway is not None and getattr(part_of(GATEWAY, gateway.part), "checks", True)
        return GATEWAY if checks else SERVICE

    @property
    def regional(self) -> bool:
        """Whether there is an authorization server in every region."""
        kind = part_of("authorization_server", self.design.parts["authorization_server"].part)
        return bool(self.deployment.regions) and getattr(kind, "regional", False)

    def issuer(self, region: str, changes: tuple[KeyChange, ...] = ()) -> Issuer:
        """The authorization server's part in a region; ``changes``: when it gets other keys."""
        deployment = replace(self.deployment, region=region)

        def make(number: int) -> Issuer:
            keyed = replace(deployment, make_key=partial(generate_signing_key, kid=kid_of(number)))
            made: Issuer = _made("authorization_server", self.design, keyed)
            return made

        issuer = rotating(make, changes)
        for wrapper in self.wrappers:
            issuer = wrapper.around_issuer(issuer)
        return issuer

    def validator(self, place: str, region: str, service: InnerService | None = None) -> Validator:
        """The validator at a place in a region; an inner service has an audience of its own when tokens do."""
        deployment = replace(self.deployment, region=region)
        if service is not None and self.propagator is not None and self.propagator.own_audiences:
            deployment = replace(deployment, audience=service.audience)
        validator: Validator = _made(place, self.design, deployment)
        for wrapper in self.wrappers:
            if wrapper.everywhere or ((place == self.edge) if wrapper.at_edge else (place != GATEWAY)):
                validator = wrapper.around_validator(validator)
        return validator

    def needs(self, word: str) -> bool:
        """Whether a part cannot work without something, such as the shared store."""
        placed = [(part_of(place, chosen.part), chosen) for place, chosen in self.design.parts.items()]
        placed += [(part_of("wrappers", chosen.part), chosen) for chosen in self.design.wrappers]
        return any(word in kind.needs(chosen.settings) for kind, chosen in placed if hasattr(kind, "needs"))


def make_parts(design: Design, deployment: Deployment) -> Parts:
    """The parts of a design."""
    wrappers = tuple(_wrapper(chosen, deployment) for chosen in design.wrappers)
    presenter: Presenter = _made("client", design, deployment)
    for wrapper in wrappers:
        presenter = wrapper.around_presenter(presenter)
    propagator = _made(DOWNSTREAM, design, deployment) if DOWNSTREAM in design.parts else None
    return Parts(design, deployment, wrappers, presenter, propagator)


def _made(place: str, design: Design, deployment: Deployment) -> Any:
    chosen = design.parts[place]
    kind: Any = part_of(place, chosen.part)
    return kind(chosen.settings, deployment)


def _wrapper(chosen: Chosen, deployment: Deployment) -> Wrapper:
    kind: Any = part_of("wrappers", chosen.part)
    wrapper: Wrapper = kind(chosen.settings, deployment)
    return wrapper


def deployment_of(
    scenario: Scenario, design: Design, variates: Variates, subscribers: Mapping[str, tuple[str, ...]]
) -> Deployment:
    """What the parts of a design are told in a world."""
    world = scenario.world
    information = world.user_information
    regions = world.regions.names if world.regions is not None else ()
    return Deployment(
        issuer=world.authorization_server.issuer,
        audience=world.service.audience,
        scope=all_scopes(world),
        token_lifetime_s=design.token_lifetime_s,
        user_information=design.user_information,
        resource_server=_credentials("resource-server", variates),
        client=_credentials("client", variates),
        user_claims=lambda subject: user_claims(subject, information.claims, information.value_bytes),
        make_key=partial(generate_signing_key, kid=kid_of(0)),
        subscribers=subscribers,
        regions=regions,
        region=regions[0] if regions else "",
    )


def all_scopes(world: World) -> str:
    """What clients ask for: the scopes of the first service and of all behind it, each once."""
    services = (world.service, *world.inner_services.values())
    return " ".join(dict.fromkeys(word for service in services for word in service.scope.split()))


def kid_of(number: int) -> str:
    """The name of the authorization server's n-th signing key."""
    return f"2026-{number + 1:02d}"


def _credentials(client_id: str, variates: Variates) -> Credentials:
    return Credentials(client_id, variates.random_bytes(f"secret.{client_id}", 0, 32).hex())
