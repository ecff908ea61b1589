"""Attacks on tokens and on flows, with real bytes: a class each, in the file of its kind, and one line in `ATTACKS`.

An attack of your own is registered by `register_attack`, or named by an entry point of the group ``simlib.attacks``.
"""

from dataclasses import MISSING, fields
from typing import Any

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
from simlib.attacks.claim_checks import (
    EarlyToken,
    ExpiredToken,
    IdTokenAsAccessToken,
    ScopeFromCache,
    WrongAudience,
    WrongIssuer,
)
from simlib.attacks.code_theft import CodeInjection, CodeInterception, CodeReplay
from simlib.attacks.credential_leakage import BrowserStorage, PasswordAtClient, StolenRefreshToken, TokenInLog
from simlib.attacks.denial_of_service import DecompressionBomb, PasswordWork
from simlib.attacks.forged_sign_in import DevicePhishing, IssuerMixup, LaxRedirectUri, LoginCsrf
from simlib.attacks.token_forgery import (
    AlteredPayload,
    ForeignKey,
    HeaderInjection,
    KeyConfusion,
    MintedByResourceServer,
    UnsignedToken,
)
from simlib.attacks.token_replay import AlteredRevokedCopy, ReplayedBearer, UseAfterRevocation
from simlib.attacks.token_scanning import GuessedReference, OpenIntrospection
from simlib.scenario.registry import PluginGroup, Registry, note_registration
from simlib.scenario.texts import check_label

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
        check_label(f"{attack.__name__} is no attack: its {name}", getattr(attack, name))
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
