"""Process of one user, step by step: steps, messages, round trips and points of failure of each phase, as counts.

`trace_user` runs the real parts of one design for one user without load and returns a `UserTrace`: its ``steps`` in
order, each in one phase. The phases are the keys of `PHASES`, among them `SIGN_IN`, `FIRST` (the first request with a
token), `NEXT` (a request with a known token), `REFRESH` and `REVOKED`. `count_phases` returns phase -> `Counts`, whose
fields are defined in `COUNTS`; ``bytes`` are bytes of all messages, all other fields are plain counts.

Both raise InputError for an unknown design and for one that cannot work with the flow.
"""

from simlib.analysis.process import COUNTS, Counts, count_phases
from simlib.tracing.steps import Step
from simlib.tracing.user_lifecycle import FIRST, NEXT, PHASES, REFRESH, REVOKED, SIGN_IN, UserTrace, trace_user

__all__ = [
    "COUNTS",
    "FIRST",
    "NEXT",
    "PHASES",
    "REFRESH",
    "REVOKED",
    "SIGN_IN",
    "Counts",
    "Step",
    "UserTrace",
    "count_phases",
    "trace_user",
]
