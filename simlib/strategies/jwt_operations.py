"""What a cost profile calls signing and verifying the tokens of a deployment: by key, and by size of the claims."""

import json

from simlib.scenario.profile import sized_operation
from simlib.strategies.base import Deployment
from simlib.tokens import access_token_claims

# As long as those of real tokens: the numbers of users and the hexadecimal jti have fixed widths.
_SUBJECT, _CLIENT, _JTI = "user-000000", "client", "0" * 32


def signing(choice: str, deployment: Deployment) -> str:
    """The operation that signs with a key of that choice."""
    return sized_operation(f"jwt.sign.{choice}", payload_bytes(deployment))


def verifying(choice: str, deployment: Deployment) -> str:
    """The operation that verifies with a key of that choice."""
    return sized_operation(f"jwt.verify.{choice}", payload_bytes(deployment))


def payload_bytes(deployment: Deployment) -> int:
    """Bytes of the claims of one token as JSON. Every token of a deployment is taken to be as long as this one."""
    extra = deployment.user_claims(_SUBJECT) if deployment.user_information == "token" else {}
    claims = access_token_claims(
        deployment.issuer, deployment.audience, _SUBJECT, _CLIENT, deployment.scope, 0.0, 300.0, _JTI, extra
    )
    return len(json.dumps(claims, separators=(",", ":")).encode())
