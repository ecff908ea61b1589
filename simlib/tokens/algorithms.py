"""Algorithms of signatures that tokens can have (RFC 7518 section 3, RFC 8037), and the sizes of their keys."""

from typing import Literal

Algorithm = Literal["RS256", "ES256", "EdDSA", "PS256", "ES384"]
"""Signs with a private key; verified with the public one."""
SecretAlgorithm = Literal["HS256"]
"""Signs and is verified with the same secret."""
KeyBits = Literal[2048, 3072]
"""Sizes of RSA keys: the minimum of RFC 7518 section 3.3, and one for use beyond 2030 (NIST SP 800-57)."""

ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA", "PS256", "ES384")
SECRET_ALGORITHM: SecretAlgorithm = "HS256"
RSA_ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "PS256")
RSA_BITS: tuple[KeyBits, ...] = (2048, 3072)
USUAL_RSA_BITS: KeyBits = 2048


def name_key_choice(algorithm: str, bits: int = USUAL_RSA_BITS) -> str:
    """Name a choice of key: the algorithm, and the size where it is not the usual one, such as RS256-3072."""
    return algorithm if bits == USUAL_RSA_BITS else f"{algorithm}-{bits}"


KEY_CHOICES: tuple[str, ...] = (
    *ALGORITHMS,
    *(name_key_choice(algorithm, bits) for algorithm in RSA_ALGORITHMS for bits in RSA_BITS if bits != USUAL_RSA_BITS),
)
"""Every choice of a key pair."""
