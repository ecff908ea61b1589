"""Revocation contract of validators: a revoked token ends within the declared bound, and no other token ends."""

from simlib.contracts.cases import VariedCase
from simlib.contracts.configuration import PUSHED
from simlib.contracts.requirements import require, require_accepted, require_refused, require_status
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.tokens.forging import alter, malleate_signature


def check_revoked_token(stepped: SteppedDeployment) -> None:
    """A token that was revoked before it is first presented is refused, at the latest after the bound."""
    token = stepped.issue().token
    stepped.revoke(token)
    bound = stepped.validator.compute_bound().after_revocation_s
    require_refused(stepped.at(stepped.now + bound).present(token), f"a token that was revoked {bound} s ago")


def check_revocation_of_forged_tokens(stepped: SteppedDeployment) -> None:
    """The revocation of a forged token revokes no genuine one."""
    token, other = stepped.issue().token, stepped.issue("user-2").token
    mixed = token.rpartition(".")[0] + "." + other.rpartition(".")[2]
    for forged in (alter(token, 0), alter(token, -1), mixed):
        stepped.revoke(forged)
    require_accepted(stepped.present(token), "a token of which forged copies were revoked")
    # By then each poll is done and each cached answer has ended.
    require_accepted(stepped.at(stepped.now + 100.0).present(token), "the same token 100 s later")


def check_tokens_are_independent(stepped: SteppedDeployment) -> None:
    """The verdict about one token says nothing about another."""
    first, second = stepped.issue("user-1").token, stepped.issue("user-2").token
    for token, subject in ((first, "user-1"), (second, "user-2")):
        verdict = stepped.present(token)
        require(
            verdict.claims.get("sub") == subject, f"a token of {subject} is accepted for {verdict.claims.get('sub')}"
        )
    stepped.revoke(first)
    require(
        stepped.present(second).claims.get("sub") == "user-2", "a token must be accepted when another one is revoked"
    )


def check_push(case: VariedCase) -> None:
    """A push that arrives ends a token at once; one that is lost does so within the bound."""
    for lost in (False, True):
        stepped = case.build()
        token, other = stepped.issue().token, stepped.issue("user-2").token
        require_accepted(stepped.present(token), "a valid token")
        if lost:
            stepped.cut(PUSHED)
        pushes, revoked_at = stepped.calls[PUSHED], stepped.now
        stepped.revoke(token)
        stepped.at(revoked_at)  # work behind the reply is done
        if stepped.calls[PUSHED] > pushes and not lost:
            require(not stepped.present(token).accepted, "a token is accepted after a push of its revocation")
            require_accepted(stepped.present(other), "a token after a push of the revocation of another one")
        end = revoked_at + stepped.validator.compute_bound().after_revocation_s
        require(not stepped.at(end).present(token).accepted, "a token is accepted after the bound on its revocation")


def check_second_signature(case: VariedCase) -> None:
    """A second valid ECDSA signature does not revive a revoked token (CVE-2015-7546); for JWTs only."""
    issuer_settings = case.case.issuer.Settings(algorithm="ES256")
    stepped = case.build(issuer_settings=issuer_settings)
    token = stepped.issue().token
    other = malleate_signature(token)
    for same in (token, other):
        require_accepted(stepped.present(same), "a token with a valid signature")
    stepped.revoke(token)
    require(
        stepped.present(other).accepted == stepped.present(token).accepted,
        "a revoked token has another verdict with the second valid signature of the same claims",
    )
    stepped.at(stepped.now + stepped.validator.compute_bound().after_revocation_s)
    require(not stepped.present(other).accepted, "a revoked token is accepted with a second valid signature")


def check_whole_life(case: VariedCase) -> None:
    """A token is accepted, refused for its scope, and ends with its revocation and its expiry, in one deployment."""
    stepped = case.build().at(1000.0)
    token, narrow = stepped.issue("user-7").token, stepped.issue(scope="").token
    for _ in range(2):
        verdict = stepped.present(token)
        require_accepted(verdict, "a valid token")
        require((verdict.reason, verdict.claims["sub"]) == ("", "user-7"), f"a valid token is accepted as {verdict!r}")
        require_status(stepped.present(narrow), 403, "a token without the scope")
        require_status(stepped.present(""), 401, "a request without a token")
        for bad in (alter(token, 0), alter(token, -1), "made up", stepped.refresh_token()):
            require_status(stepped.present(bad), 401, "a token that is altered, invented, or no access token")
    bound = stepped.validator.compute_bound()
    stepped.revoke(token)
    stepped.at(stepped.now + bound.after_revocation_s)
    require_status(stepped.present(token), 401, "a revoked token after the bound")
    other = stepped.issue()
    require_accepted(stepped.present(other.token), "a token of the same server")
    end = other.expires_at + bound.after_expiry_s
    require_status(stepped.at(end).present(other.token), 401, "an expired token after the bound")


CHECKS = (check_revoked_token, check_revocation_of_forged_tokens, check_tokens_are_independent)
CASE_CHECKS = (check_push, check_whole_life)
