"""What the structure of a design settles, whatever is simulated: who can read tokens, and who depends on whom."""

from simlib.decision.judges import judges
from simlib.engine.parts import deployment_of, make_parts
from simlib.engine.sites import make_sites
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

OPAQUE_TO_CLIENTS = ("opaque", "encrypted")
"""Formats that say nothing to who holds the token; a PASETO is signed here (v4.public), and not encrypted."""


def token_format(design: Design) -> str:
    """The format of what clients hold: that which the outermost judge takes."""
    formats = [kind.token_format for kind, _ in judges(design) if kind.token_format is not None]
    return formats[0] if formats else "opaque"


def asks_per_request(scenario: Scenario, design: Design) -> tuple[str, ...]:
    """Why a request may need the authorization server before it is answered; empty when none does.

    Keys and lists that are fetched beforehand are not meant: without the server they last for their lifetime.
    """
    parts = make_parts(design, deployment_of(scenario, design, Variates(scenario.run.seed, 0), {}))
    sites = make_sites(parts, scenario.world, parts.deployment.regions[:1] or ("",))
    reasons = []
    if any(site.validator is not None and site.validator.asks_authorization_server for site in sites):
        reasons.append("it asks about tokens")
    if design.user_information != "token" and scenario.world.service.user_information_share > 0:
        reasons.append(f"it asks for claims about the user ({design.user_information})")
    if parts.propagator is not None and parts.propagator.own_audiences and scenario.world.inner_services:
        reasons.append("it exchanges tokens for inner services")
    return tuple(reasons)
