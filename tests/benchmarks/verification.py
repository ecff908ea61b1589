"""Tokens that are really verified: inside a simulation, and in a bare loop around PyJWT."""

from typing import Any

import jwt
from networks import arrivals

from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.base import find_bundled
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Reply
from simlib.scenario.profile import load_profile
from simlib.scenario.records import Records
from simlib.scenario.variates import Variates
from simlib.strategies import Credentials, DeploymentConfig, JwtLocal, PresentedToken
from simlib.tokens import KeySet, build_access_token_claims, generate_signing_key, sign_access_token

ISSUER, AUDIENCE, SCOPE = "https://as.example", "https://api.example", "read"
KEY = generate_signing_key("RS256", "benchmark")
PROFILE = load_profile(find_bundled("profiles") / "python-2026.csv")
DEPLOYMENT = DeploymentConfig(
    ISSUER, AUDIENCE, SCOPE, 1e8, "token", Credentials("rs", "x"), Credentials("c", "x"), lambda _: {}, lambda _: KEY
)


def tokens(count: int) -> list[str]:
    """RS256 tokens of ten claims, all different."""
    extra = {"name": "A User", "email": "user@example.org"}
    return [
        sign_access_token(
            build_access_token_claims(ISSUER, AUDIENCE, f"user-{i:06d}", "client", SCOPE, 0.0, 1e8, f"{i:032x}", extra),
            KEY,
        )
        for i in range(count)
    ]


def bare(signed: list[str]) -> int:
    """Verify each token with PyJWT and nothing else; the wall clock is left out on both sides."""
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    public_key = KEY.verification_key.public_key
    count = 0
    for token in signed:
        jwt.decode(token, public_key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options=options)
        count += 1
    return count


def simulated(signed: list[str]) -> Records:
    """A resource server with the strategy jwt_local; every request's token is verified when its turn comes."""
    part = JwtLocal(JwtLocal.Settings(jwks_lifetime_s=1e7), DEPLOYMENT)
    body = KeySet((KEY.verification_key,)).to_jwks()

    def bind_service(ctx: Any) -> Any:
        state = part.create_state()
        return lambda number: part.validate(ctx, state, PresentedToken(signed[number], SCOPE))

    def bind_jwks(_: Any) -> Any:
        def serve(_: Any) -> Any:
            return Reply(200, body)
            yield

        return serve

    network = Network(
        hosts=(Host("service", 4), Host("authorization_server", 1)),
        entry=("service", bind_service),
        costs=StatedCosts({}, PROFILE),
        paths=(Path("service", "authorization_server", Constant(value_s=0.0005)),),
        handlers={"jwks": ("authorization_server", bind_jwks)},
    )
    times, horizon = arrivals(2000.0, len(signed), 1)
    return run_network(network, times, horizon, Variates(1, 0), detail="requests", remember_verified=False)
