"""Parts of one design, built for one world: the part at each place, with the wrappers around it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

from simlib.deployment.key_rotation import KeyChange, rotate_keys
from simlib.flows import FLOWS, VULNERABLE_FLOWS
from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.errors import InputError
from simlib.scenario.hosts import GATEWAY, SERVICE, InnerService
from simlib.scenario.registry import Combined
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.services import make_user_claims
from simlib.strategies import (
    CATALOGUE,
    Credentials,
    DeploymentConfig,
    Issuer,
    Presenter,
    Propagator,
    Validator,
    Wrapper,
)
from simlib.strategies.vulnerable import VULNERABLE_PARTS
from simlib.tokens import generate_signing_key, split_scope

INNER_SERVICE, DOWNSTREAM = "inner_service", "downstream"

PARTS: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        **{place: Combined(parts, VULNERABLE_PARTS.get(place, {})) for place, parts in CATALOGUE.items()},
        "flows": Combined(FLOWS, VULNERABLE_FLOWS),
    }
)
"""Place -> name -> part, and the flows by which clients sign in. One with ``refused`` is deliberately vulnerable: the
loader says why no scenario may choose it.
"""


def find_part(place: str, name: str) -> Any:
    """The part of that name, from the catalogue or else from the vulnerable parts."""
    return CATALOGUE[place].get(name) or VULNERABLE_PARTS[place][name]


@dataclass(frozen=True)
class Parts:
    """Acting parts of a design. ``config`` is the deployment as its parts see it, in the first region."""

    design: Design
    config: DeploymentConfig
    wrappers: tuple[Wrapper, ...]
    presenter: Presenter
    propagator: Propagator | None

    @property
    def edge(self) -> str:
        """Place where tokens that come from clients are checked first."""
        gateway = self.design.parts.get(GATEWAY)
        checks = gateway is not None and getattr(find_part(GATEWAY, gateway.part), "checks", True)
        return GATEWAY if checks else SERVICE

    @property
    def regional(self) -> bool:
        """Whether there is an authorization server in every region."""
        kind = find_part("authorization_server", self.design.parts["authorization_server"].part)
        return bool(self.config.regions) and getattr(kind, "regional", False)

    def build_issuer(self, region: str, changes: tuple[KeyChange, ...] = ()) -> Issuer:
        """The authorization server's part in a region; ``changes``: when it gets other keys."""
        deployment = replace(self.config, region=region)

        def make(number: int) -> Issuer:
            keyed = replace(deployment, make_key=partial(generate_signing_key, kid=name_key(number)))
            made: Issuer = _build_part("authorization_server", self.design, keyed)
            return made

        issuer = rotate_keys(make, changes)
        for wrapper in self.wrappers:
            issuer = wrapper.wrap_issuer(issuer)
        return issuer

    def build_validator(self, place: str, region: str, service: InnerService | None = None) -> Validator:
        """The validator at a place in a region; an inner service has an audience of its own when tokens do."""
        deployment = replace(self.config, region=region)
        if service is not None and self.propagator is not None and self.propagator.own_audiences:
            deployment = replace(deployment, audience=service.audience)
        validator: Validator = _build_part(place, self.design, deployment)
        for wrapper in self.wrappers:
            if wrapper.everywhere or ((place == self.edge) if wrapper.at_edge else (place != GATEWAY)):
                validator = _wrap_validator(wrapper, validator)
        return validator

    def needs(self, word: str) -> bool:
        """Whether a part cannot work without something, such as the shared store."""
        placed = [(find_part(place, chosen.part), chosen) for place, chosen in self.design.parts.items()]
        placed += [(find_part("wrappers", chosen.part), chosen) for chosen in self.design.wrappers]
        return any(
            word in kind.list_requirements(chosen.settings)
            for kind, chosen in placed
            if hasattr(kind, "list_requirements")
        )


def build_parts(design: Design, deployment: DeploymentConfig) -> Parts:
    """The parts of a design."""
    wrappers = tuple(_build_wrapper(chosen, deployment) for chosen in design.wrappers)
    presenter: Presenter = _build_part("client", design, deployment)
    for wrapper in wrappers:
        presenter = wrapper.wrap_presenter(presenter)
    propagator = _build_part(DOWNSTREAM, design, deployment) if DOWNSTREAM in design.parts else None
    return Parts(design, deployment, wrappers, presenter, propagator)


def _build_part(place: str, design: Design, deployment: DeploymentConfig) -> Any:
    chosen = design.parts[place]
    kind: Any = find_part(place, chosen.part)
    return kind(chosen.settings, deployment)


def _wrap_validator(wrapper: Wrapper, validator: Validator) -> Validator:
    wrapped = wrapper.wrap_validator(validator)
    if not hasattr(wrapped, "validate"):
        raise InputError(
            f"plug-in wrapper {wrapper.name!r}: wrap_validator returned {wrapped!r}, which is no validator"
        )
    return wrapped


def _build_wrapper(chosen: ChosenPart, deployment: DeploymentConfig) -> Wrapper:
    kind: Any = find_part("wrappers", chosen.part)
    wrapper: Wrapper = kind(chosen.settings, deployment)
    return wrapper


def build_deployment_config(
    scenario: Scenario, design: Design, variates: Variates, subscribers: Mapping[str, tuple[str, ...]]
) -> DeploymentConfig:
    """Deployment of a world as the parts of a design see it."""
    world = scenario.world
    information = world.user_information
    regions = world.regions.names if world.regions is not None else ()
    return DeploymentConfig(
        issuer=world.authorization_server.issuer,
        audience=world.service.audience,
        scope=join_scopes(world),
        token_lifetime_s=design.token_lifetime_s,
        user_information=design.user_information,
        resource_server=_draw_credentials("resource-server", variates),
        client=_draw_credentials("client", variates),
        user_claims=lru_cache(maxsize=65_536)(
            lambda subject: make_user_claims(subject, information.claims, information.value_bytes)
        ),
        make_key=partial(generate_signing_key, kid=name_key(0)),
        subscribers=subscribers,
        regions=regions,
        region=regions[0] if regions else "",
    )


def join_scopes(world: World) -> str:
    """Scopes that clients request: those of the first service and of all behind it, each once."""
    services = (world.service, *world.inner_services.values())
    return " ".join(dict.fromkeys(word for service in services for word in split_scope(service.scope)))


def name_key(number: int) -> str:
    """The name of the authorization server's n-th signing key."""
    return f"2026-{number + 1:02d}"


def _draw_credentials(client_id: str, variates: Variates) -> Credentials:
    return Credentials(client_id, variates.random_bytes(f"secret.{client_id}", 0, 32).hex())
