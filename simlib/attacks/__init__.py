"""Attacks on tokens and on flows, with real bytes: one per file and one line in `ATTACKS` each.

An attack of your own is registered by `register_attack`, or named by an entry point of the group ``simlib.attacks``.
"""

from dataclasses import MISSING, fields
from typing import Any

from simlib.attacks.altered_payload import AlteredPayload
from simlib.attacks.altered_revoked_copy import AlteredRevokedCopy
from simlib.attacks.base import (
    ATTACKER_TARGETS,
    ATTACKER_URI,
    BROWSER,
    JWKS_URI,
    OPEN_ROUTE,
    OWN_BROWSER,
    OWNER,
    Attack,
    AttackerAssets,
    Candidate,
    Handler,
    NotApplicable,
    Preparation,
    PreparationFailure,
)
from simlib.attacks.browser_storage import BrowserStorage
from simlib.attacks.code_injection import CodeInjection
from simlib.attacks.code_interception import CodeInterception
from simlib.attacks.code_replay import CodeReplay
from simlib.attacks.decompression_bomb import DecompressionBomb
from simlib.attacks.device_phishing import DevicePhishing
from simlib.attacks.early_token import EarlyToken
from simlib.attacks.expired_token import ExpiredToken
from simlib.attacks.foreign_key import ForeignKey
from simlib.attacks.guessed_reference import GuessedReference
from simlib.attacks.header_injection import HeaderInjection
from simlib.attacks.id_token_as_access_token import IdTokenAsAccessToken
from simlib.attacks.issuer_mixup import IssuerMixup
from simlib.attacks.key_confusion import KeyConfusion
from simlib.attacks.lax_redirect_uri import LaxRedirectUri
from simlib.attacks.login_csrf import LoginCsrf
from simlib.attacks.minted_by_resource_server import MintedByResourceServer
from simlib.attacks.open_introspection import OpenIntrospection
from simlib.attacks.password_at_client import PasswordAtClient
from simlib.attacks.password_work import PasswordWork
from simlib.attacks.replayed_bearer import ReplayedBearer
from simlib.attacks.scope_from_cache import ScopeFromCache
from simlib.attacks.stolen_refresh_token import StolenRefreshToken
from simlib.attacks.token_in_log import TokenInLog
from simlib.attacks.unsigned_token import UnsignedToken
from simlib.attacks.use_after_revocation import UseAfterRevocation
from simlib.attacks.wrong_audience import WrongAudience
from simlib.attacks.wrong_issuer import WrongIssuer
from simlib.scenario.registry import PluginGroup, Registry, note_registration

_PLUGINS = PluginGroup("simlib.attacks", lambda attack: _add_attack(attack))

ATTACKS: Registry[type[Attack]] = Registry(
    "attack",
    {
        attack.name: attack
        for attack in (
            AlteredPayload,
            UnsignedToken,
            KeyConfusion,
            ForeignKey,
            HeaderInjection,
            ExpiredToken,
            EarlyToken,
            WrongAudience,
            WrongIssuer,
            IdTokenAsAccessToken,
            MintedByResourceServer,
            GuessedReference,
            ScopeFromCache,
            OpenIntrospection,
            DecompressionBomb,
            PasswordWork,
            ReplayedBearer,
            UseAfterRevocation,
            AlteredRevokedCopy,
            CodeInterception,
            CodeInjection,
            CodeReplay,
            LoginCsrf,
            IssuerMixup,
            LaxRedirectUri,
            TokenInLog,
            PasswordAtClient,
            DevicePhishing,
            BrowserStorage,
            StolenRefreshToken,
        )
    },
    _PLUGINS,
)

_MEMBERS = (
    *("name", "summary", "source", "against", "needs", "single_use", "work_threshold"),
    *("prepare", "attempt", "list_endpoints"),
)
_OBTAINABLE = tuple(field.name for field in fields(AttackerAssets) if field.default is not MISSING)
"""Assets that an attack may need."""


def register_attack(attack: type[Attack]) -> None:
    """Add an attack of your own; ``simlib attacks`` and `simlib.security` then try it like the others.

    Raises ValueError that says what is missing, or that the name is taken by a built-in attack. An attack that was
    registered before is replaced.
    """
    _add_attack(attack)
    note_registration("simlib.attacks", attack.name, register_attack, attack)


def _add_attack(attack: Any) -> None:
    missing = [name for name in _MEMBERS if not hasattr(attack, name)]
    if missing:
        raise ValueError(f"{getattr(attack, '__name__', attack)!s} is no attack: it has no {', '.join(missing)}")
    for name in ("summary", "source"):
        if not isinstance(getattr(attack, name), str):
            raise ValueError(f"{attack.__name__} is no attack: its {name} must be a text")
    if attack.against not in ("token", "flow"):
        raise ValueError(f"{attack.__name__} is no attack: against is {attack.against!r}; allowed: 'token', 'flow'")
    unknown = [repr(need) for need in attack.needs if need not in _OBTAINABLE]
    if unknown:
        allowed = ", ".join(_OBTAINABLE)
        raise ValueError(f"{attack.__name__} is no attack: it needs {', '.join(unknown)}; allowed: {allowed}")
    ATTACKS.add(attack.name, attack)


__all__ = [
    "ATTACKER_TARGETS",
    "ATTACKER_URI",
    "ATTACKS",
    "BROWSER",
    "JWKS_URI",
    "OPEN_ROUTE",
    "OWNER",
    "OWN_BROWSER",
    "Attack",
    "AttackerAssets",
    "Candidate",
    "Handler",
    "NotApplicable",
    "Preparation",
    "PreparationFailure",
    "register_attack",
]
