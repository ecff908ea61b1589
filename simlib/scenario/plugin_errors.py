"""Errors raised in the code of plug-ins: one line that names the plug-in, in place of a traceback through simlib."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from types import FrameType
from typing import Any

from simlib.scenario.errors import InputError
from simlib.scenario.registry import describe_exception, list_added_kinds


@contextmanager
def report_plugin_errors() -> Iterator[None]:
    """Raise InputError that names the plug-in in place of an exception that passes through the code of one."""
    try:
        yield
    except (InputError, MemoryError, BrokenPipeError):
        raise
    except Exception as error:
        message = describe_plugin_error(error)
        if message is None:
            raise
        raise InputError(message) from error


def describe_plugin_error(error: Exception) -> str | None:
    """Describe an exception by the innermost plug-in in its traceback; None where it passes through none."""
    kinds = [kind for kind in list_added_kinds() if isinstance(kind[2], type)]
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        for what, name, kind in kinds:
            if kind.__module__ == frame.f_globals.get("__name__") and _is_likely(kind, kinds, frame):
                place = f"{frame.f_code.co_filename.replace(chr(92), '/').rpartition('/')[2]}, line {line}"
                return f"plug-in {what} {name!r}: {describe_exception(error)} ({place})"
    return None


def _is_likely(kind: type[Any], kinds: list[tuple[str, str, Any]], frame: FrameType) -> bool:
    """Check whether a frame of the module of a kind is of this kind, of several in it.

    The other functions of a script or notebook may be part of no kind, so there the frame is to be in the class itself.
    """
    if frame.f_code.co_qualname.partition(".")[0] == kind.__name__:
        return True
    same_module = [other for _, _, other in kinds if other.__module__ == kind.__module__]
    of_another = any(frame.f_code.co_qualname.partition(".")[0] == other.__name__ for other in same_module)
    return kind.__module__ != "__main__" and not of_another
