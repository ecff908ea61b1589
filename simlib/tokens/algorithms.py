"""The signature algorithms of RFC 7518 section 3 and RFC 8037 that are known here, and the keys they come with."""

from typing import Literal

Algorithm = Literal["RS256", "ES256", "EdDSA", "PS256", "ES384"]
"""What signs with a private key and is verified with a public one."""
SecretAlgorithm = Literal["HS256"]
"""What signs and is verified with the same secret."""
KeyBits = Literal[2048, 3072]
"""Sizes of RSA keys: the least that RFC 7518 section 3.3 allows, and what lasts beyond 2030 (NIST SP 800-57)."""

ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA", "PS256", "ES384")
SECRET_ALGORITHM: SecretAlgorithm = "HS256"
RSA_ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "PS256")
RSA_BITS: tuple[KeyBits, ...] = (2048, 3072)
USUAL_RSA_BITS: KeyBits = 2048


def name_key_choice(algorithm: str, bits: int = USUAL_RSA_BITS) -> str:
    """How a choice of key is called: the algorithm, and the size where it is an unusual one, such as RS256-3072."""
    return algorithm if bits == USUAL_RSA_BITS else f"{algorithm}-{bits}"


KEY_CHOICES: tuple[str, ...] = (
    *ALGORITHMS,
    *(name_key_choice(algorithm, bits) for algorithm in RSA_ALGORITHMS for bits in RSA_BITS if bits != USUAL_RSA_BITS),
)
"""Every choice of a key pair."""
