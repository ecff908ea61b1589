"""Registry of kinds by name: the built-in ones, those of installed plug-ins, and those registered by a call.

A plug-in names its kinds as entry points of a group such as ``simlib.strategies``; they are loaded when a name is
looked up that is not built in, or when all kinds are listed. A kind registered by a call, in a notebook or a script, is
sent to worker processes. An error raised in the code of a plug-in becomes one line that names the plug-in, in place of
a traceback through simlib.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from traceback import walk_tb
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

from simlib.scenario.errors import InputError
from simlib.scenario.texts import escape_controls

Kind = TypeVar("Kind")


class Registration(NamedTuple):
    """A call that registered a kind in this process; repeated in worker processes."""

    register: Callable[..., None]
    arguments: tuple[Any, ...]


_REGISTRATIONS: dict[tuple[str, str], Registration] = {}
_REGISTRIES: list["Registry[Any]"] = []


def list_registrations() -> tuple[Registration, ...]:
    """The registering calls of this process, in their order; entry points are found by every process itself."""
    return tuple(_REGISTRATIONS.values())


def repeat_registrations(registrations: tuple[Registration, ...]) -> None:
    """Make the registering calls of another process."""
    for registration in registrations:
        registration.register(*registration.arguments)


def note_registration(group: str, name: str, register: Callable[..., None], *arguments: Any) -> None:
    """Note a registering call, so that worker processes can repeat it."""
    _REGISTRATIONS[group, name] = Registration(register, arguments)


def load_all_plugins() -> None:
    """Load the plug-ins of all registries. Raises InputError for one that cannot be used."""
    for registry in _REGISTRIES:
        registry.load_plugins()


@contextmanager
def isolate_registrations() -> Iterator[None]:
    """Undo at the end whatever is registered by calls inside, as tests of plug-ins need it."""
    load_all_plugins()
    calls, added = dict(_REGISTRATIONS), [dict(registry._added) for registry in _REGISTRIES]
    try:
        yield
    finally:
        _REGISTRATIONS.clear()
        _REGISTRATIONS.update(calls)
        for registry, kinds in zip(_REGISTRIES, added, strict=False):
            registry._added = kinds


def list_added_kinds() -> list[tuple[str, str, Any]]:
    """What, name and kind of everything that plug-ins and calls have added so far."""
    return [(registry.what, name, kind) for registry in _REGISTRIES for name, kind in registry._added.items()]


def describe_exception(error: BaseException) -> str:
    """Describe an exception in one line: its type and its message."""
    return escape_controls(f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": "))


class PluginGroup:
    """Entry points of one group, loaded once; ``register`` is called with every object that one names."""

    def __init__(self, group: str, register: Callable[[Any], None]) -> None:
        self.group = group
        self._register = register
        self._loaded = False
        self._loading = ""
        self._first_error: InputError | None = None
        self._origins: dict[tuple[str, str], str] = {}

    def load(self) -> None:
        """Load the entry points; one that cannot be loaded or registered does not keep the others out.

        Raises InputError that names the first of these plug-ins, and the same one at every later call.
        """
        if not self._loaded:
            self._loaded = True  # before loading: a plug-in may look at the registry that it is loaded into
            for entry_point in sorted(entry_points(group=self.group), key=lambda entry_point: entry_point.name):
                self._load_one(entry_point)
        if self._first_error is not None:
            raise InputError(str(self._first_error)) from self._first_error.__cause__

    def _load_one(self, entry_point: EntryPoint) -> None:
        package = "?" if entry_point.dist is None else entry_point.dist.name
        self._loading = f"plug-in {entry_point.name!r} ({self.group}) of the package {package!r}"
        try:
            self._register(entry_point.load())
        except (Exception, SystemExit) as error:
            refusal = InputError(f"{self._loading} cannot be used: {describe_exception(error)}")
            refusal.__cause__ = error
            self._first_error = self._first_error or refusal
        finally:
            self._loading = ""

    def claim(self, what: str, name: str, is_taken: bool) -> bool:
        """Return whether a kind takes its name: one of an entry point leaves it to one that a call registered.

        Raises ValueError for an entry point when another one has the name.
        """
        origin = self._origins.get((what, name), "")
        if not self._loading:
            self._origins.pop((what, name), None)
            return True
        if origin and origin != self._loading:
            raise ValueError(f"{what}: the name {name!r} is taken by the {origin}")
        if is_taken and not origin:
            return False
        self._origins[what, name] = self._loading
        return True


class Registry(Mapping[str, Kind], Generic[Kind]):
    """Name -> kind, built-in ones first. Plug-ins are loaded when a name is not found and when all are listed."""

    def __init__(self, what: str, built_in: Mapping[str, Kind], plugins: PluginGroup) -> None:
        self.what = what
        self._built_in = dict(built_in)
        self._added: dict[str, Kind] = {}
        self._plugins = plugins
        _REGISTRIES.append(self)

    def load_plugins(self) -> None:
        """Load the plug-ins of this registry. Raises InputError for one that cannot be used."""
        self._plugins.load()

    def add(self, name: str, kind: Kind) -> bool:
        """Add a kind; a call replaces one that was added before. Returns False where one of a call keeps its name.

        Raises ValueError for what is no name, the name of a built-in kind, and that of another entry point.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"{self.what}: {name!r} is no name; allowed are letters, digits and _, no digit first")
        if name in self._built_in:
            raise ValueError(f"{self.what}: there is a built-in {name!r} already")
        if not self._plugins.claim(self.what, name, name in self._added):
            return False
        self._added[name] = kind
        return True

    def is_added(self, name: str) -> bool:
        """Check whether a kind is one of a plug-in or of a call, and not built in."""
        return name in self._added

    def __getitem__(self, name: str) -> Kind:
        if name in self._built_in:
            return self._built_in[name]
        if name not in self._added:
            self._plugins.load()
        return self._added[name]

    def __iter__(self) -> Iterator[str]:
        self._plugins.load()
        yield from (*self._built_in, *self._added)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Combined(Mapping[str, Kind], Generic[Kind]):
    """Several mappings seen as one: the first that has a name gives its kind."""

    def __init__(self, *mappings: Mapping[str, Kind]) -> None:
        self._mappings = mappings

    def __getitem__(self, name: str) -> Kind:
        for mapping in self._mappings:
            if name in mapping:
                return mapping[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for mapping in self._mappings for name in mapping))

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
