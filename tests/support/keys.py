"""Keys of the tests: made once per algorithm and name, because RSA keys take long to make."""

from dataclasses import replace

from simlib.tokens import SigningKey, generate_signing_key


def key(algorithm: str, name: str = "current") -> SigningKey:
    """The test key of that algorithm and name; its ``kid`` is its name."""
    return generate_signing_key(algorithm, name)


def impostor(of: SigningKey) -> SigningKey:
    """Another key that claims to be this one."""
    return replace(key(of.algorithm, "impostor"), kid=of.kid)
