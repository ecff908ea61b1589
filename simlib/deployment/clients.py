"""The client applications of a world: ids, secrets and redirect URIs, by kind of client."""

import hmac
from collections.abc import Callable
from typing import NamedTuple

from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind

CLIENT_IDS: dict[ClientKind, str] = {
    "web": "client",
    "spa": "client-spa",
    "spa_bff": "client-bff",
    "mobile": "client-mobile",
    "machine": "client-machine",
    "device": "client-device",
}
PUBLIC = frozenset({"spa", "mobile", "device"})
"""Kinds of clients that cannot keep a secret (RFC 6749 section 2.1)."""
REDIRECTS: dict[ClientKind, str] = {
    "web": "https://app.example/callback",
    "spa": "https://spa.example/callback",
    "spa_bff": "https://bff.example/callback",
    "mobile": "com.example.app:/callback",
}


class Application(NamedTuple):
    """One registered client; ``secret`` is empty for a public one."""

    client_id: str
    secret: str
    redirect_uri: str


def name_subject(user: int) -> str:
    """The ``sub`` of a user; of fixed width, so that sizes do not depend on the user."""
    return f"user-{user:010d}"


def parse_user(subject: str) -> int | None:
    """The number of a user; None when there is no such subject."""
    digits = subject.removeprefix("user-")
    return int(digits) if digits.isascii() and digits.isdigit() and name_subject(int(digits)) == subject else None


def build_application(kind: ClientKind, user: int, variates: Variates) -> Application:
    """The client of a user. Machines are clients of their own, with the machine's subject as their id."""
    client_id = name_subject(user) if kind == "machine" else CLIENT_IDS[kind]
    secret = "" if kind in PUBLIC else derive_secret(client_id, variates)
    return Application(client_id, secret, REDIRECTS.get(kind, ""))


def derive_secret(client_id: str, variates: Variates) -> str:
    """The secret of a confidential client, from the seed."""
    return variates.random_bytes(f"secret.{client_id}", 0, 32).hex()


def derive_password(subject: str, variates: Variates) -> str:
    """Password of a user, from the seed."""
    return variates.random_bytes(f"password.{subject}", 0, 16).hex()


def build_password_check(variates: Variates) -> Callable[[str, str], bool]:
    """Whether a login and a password belong together."""

    def check(login: str, password: str) -> bool:
        if parse_user(login) is None:
            return False
        return hmac.compare_digest(derive_password(login, variates).encode(), password.encode("utf-8", "surrogatepass"))

    return check
