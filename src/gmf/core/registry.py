"""Parts by name: built in, from installed packages by entry point, or from a file of the user."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from inspect import currentframe
from pathlib import Path
from traceback import extract_tb
from types import FunctionType
from typing import Any, Generic, TypeVar, cast

from gmf.core.errors import ConfigError, GmfError
from gmf.core.part_checks import fault_of_part

PartT = TypeVar("PartT")
#: Files of the user's parts, for processes that this one starts; separated like ``PATH``.
CODE_VARIABLE = "GMF_CODE"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part comes from.

    Args:
        name: Its name.
        source: ``gmf``, the name and version of the package that brings it, or a file.
    """

    name: str
    source: str


class Registry(Generic[PartT]):
    """The parts of one kind; what is not asked for is not imported.

    Built-in parts come first, then those of installed packages (entry points of ``group``), then
    registered ones. A name belongs to one part: a second one under it is refused, unless it is the
    same file read again, or the module that an entry point of the name leads to.

    Args:
        kind: What messages call a part, for example ``model``.
        group: Group of entry points, for example ``gmf.models``.
        built_in: Name to ``module:attribute``.
        base: What a part must be: a class derived from this one (or one of these) that leaves none
            of its methods and fields open and states fields of the types asked for, or for
            ``FunctionType`` anything that can be called. Anything when ``None``.
    """

    def __init__(
        self,
        kind: str,
        *,
        group: str,
        built_in: Mapping[str, str],
        base: type[Any] | tuple[type[Any], ...] | None = None,
    ) -> None:
        self.kind, self.group, self.base = kind, group, base
        self._built_in = dict(built_in)
        self._registered: dict[str, tuple[PartT, str]] = {}

    def register(self, name: str) -> Callable[[PartT], PartT]:
        """Return a decorator that makes a part available under a name.

        Raises:
            ConfigError: If it is no name, another part has it, or the part is of another kind.
        """
        if not isinstance(cast(object, name), str) or not name.strip():
            raise ConfigError(
                f"{self.kind}: expected a name to register under, as in register('NAME'), got "
                f"{name!r:.60}"
            )

        def add(part: PartT) -> PartT:
            frame = currentframe()
            if isinstance(part, type | FunctionType) or frame is None or frame.f_back is None:
                module = getattr(part, "__module__", "")
            else:  # An object, a Typer app for example, knows the module of its class alone.
                module = str(frame.f_back.f_globals["__name__"])
            source = getattr(sys.modules.get(module), "__file__", None) or module or "this process"
            self._check_kind(name, part, source)
            present, packaged = self._registered.get(name), self._packaged.get(name)
            if (
                name in self._built_in
                or (packaged is not None and packaged.module != module)
                or (present is not None and _apart(present, (part, source)))
            ):
                raise ConfigError(
                    f"{self.kind} {name!r} in {source}: the name is taken by "
                    f"{self.origin(name).source}; choose another"
                )
            if packaged is None:
                self._registered[name] = part, source
            return part

        return add

    def get(self, name: str) -> PartT:
        """Return the part of a name.

        Raises:
            ConfigError: If there is none, the package that brings it cannot be imported, or it
                brings something of another kind.
        """
        if name in self._registered:
            return self._registered[name][0]
        if name in self._built_in:
            module, _, attribute = self._built_in[name].partition(":")
            return cast(PartT, getattr(import_module(module), attribute))
        if name in self._packaged:
            entry = self._packaged[name]
            try:
                part = entry.load()
            except Exception as error:  # Whatever the package raises is named with it.
                raise ConfigError(
                    f"{self.kind} {name!r}: {entry.value} of {_package_of(entry)} cannot be "
                    f"imported ({type(error).__name__}: {error})"
                ) from error
            self._check_kind(name, part, f"{entry.value} of {_package_of(entry)}")
            return cast(PartT, part)
        near = get_close_matches(name, list(self), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(
            f"{self.kind} {name!r}: expected one of {', '.join(self)}{hint} (others: install the "
            f"package that brings it, or name its file with --code FILE{self._silent_files()})"
        )

    def fault_of(self, name: str) -> str:
        """Return why the part of an installed package cannot be used; empty if it can."""
        if name in self._packaged:
            try:
                self.get(name)
            except ConfigError as error:
                return str(error)
        return ""

    def usable(self) -> dict[str, PartT]:
        """Return the parts by name; a broken package stops what asks for its part alone."""
        return {name: self.get(name) for name in self if not self.fault_of(name)}

    def left_out(self) -> str:
        """Return the end of a message that lists usable parts: which others are broken, and why."""
        faults = filter(None, map(self.fault_of, self))
        return "".join(f"; left out: {fault}" for fault in faults) + self._silent_files()

    def _silent_files(self) -> str:
        known = {source for _, source in self._registered.values()}
        names = [path.name for path in code_files() if str(path) not in known]
        return f"; {', '.join(names)}: no {self.kind} is registered there" if names else ""

    @contextmanager
    def named_in_errors(
        self, name: str, *, path: Path | None = None, raises: type[GmfError] = ConfigError
    ) -> Generator[None]:
        """Name a part of others in whatever it raises within; errors of gmf pass.

        Args:
            name: The part.
            path: The file that it works on. Notes on the error (``add_note``) say more.
            raises: Class of the error.

        Raises:
            GmfError: If the part raises anything else; names the part and where it comes from.
        """
        try:
            yield
        except GmfError:
            raise
        except Exception as error:
            source = self.origin(name).source
            if source == "gmf":
                raise
            notes: list[object] = [path, *getattr(error, "__notes__", ())]
            where = "".join(f" {note}:" for note in notes if note)
            raise raises(
                f"{self.kind} {name!r} of {source}:{where} {type(error).__name__}: {error}"
                f"{place_of(error, near=source)}"
            ) from error

    def _check_kind(self, name: str, part: object, source: str) -> None:
        if self.base is not None and (fault := fault_of_part(part, self.base)):
            raise ConfigError(f"{self.kind} {name!r} in {source}: {fault}")

    def origin(self, name: str) -> Origin:
        """Return where a part comes from, without importing it.

        Raises:
            KeyError: If there is no such part.
        """
        if name in self._built_in:
            return Origin(name, "gmf")
        if name in self._packaged:
            return Origin(name, _package_of(self._packaged[name]))
        return Origin(name, self._registered[name][1])

    def location(self, name: str) -> str | None:
        """Return ``module:attribute`` of a part that need not be imported; ``None`` otherwise."""
        if name in self._built_in:
            return self._built_in[name]
        return self._packaged[name].value if name in self._packaged else None

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._built_in, *self._packaged, *self._registered]))

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._packaged or name in self._registered

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def _packaged(self) -> dict[str, EntryPoint]:
        packaged: dict[str, EntryPoint] = {}
        for entry in entry_points(group=self.group):
            if entry.name in self._built_in or entry.name in packaged:
                other = "gmf" if entry.name in self._built_in else _package_of(packaged[entry.name])
                raise ConfigError(
                    f"{self.kind} {entry.name!r} of {_package_of(entry)}: the name is taken by "
                    f"{other}; uninstall one of the packages"
                )
            packaged[entry.name] = entry
        return packaged


def _apart(present: tuple[object, str], new: tuple[object, str]) -> bool:
    """Return whether a part is another one than that of its name, not the same file read again."""
    names = [getattr(part, "__qualname__", "") for part, _ in (present, new)]
    return present[1] != new[1] or names[0] != names[1]


def load_code(path: Path) -> None:
    """Run a Python file of the user, whose decorators register parts; once a process.

    Processes that this one starts read it too, see ``load_inherited_code``.

    Raises:
        ConfigError: If the file is absent or fails.
    """
    file = path.expanduser().resolve()
    name = f"gmf_code_{file.stem}_{sha256(str(file).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return
    spec = spec_from_file_location(name, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"--code {path}: expected a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        del sys.modules[name]
        raise
    except Exception as error:  # Whatever the user's code raises is named with its file.
        del sys.modules[name]
        raise ConfigError(f"--code {path}: {type(error).__name__}: {error}") from error
    paths = dict.fromkeys([*map(str, code_files()), str(file)])
    os.environ[CODE_VARIABLE] = os.pathsep.join(paths)


def code_files(listed: str | None = None) -> list[Path]:
    """Return the files of users' code in a variable ``CODE_VARIABLE``, by default our own."""
    listed = os.environ.get(CODE_VARIABLE, "") if listed is None else listed
    return [Path(name) for name in listed.split(os.pathsep) if name]


def load_inherited_code(listed: str | None = None) -> None:
    """Run the files that the process which started this one had loaded.

    Raises:
        ConfigError: If one is absent or fails.
    """
    for path in code_files(listed):
        load_code(path)


def place_of(error: Exception, *, near: str = "") -> str:
    """Return where others' code raised an error, as the end of a message; empty if ours did.

    Args:
        error: The error.
        near: The file that is asked first.
    """
    frames = extract_tb(error.__traceback__)
    theirs = [f for f in frames if not Path(f.filename).is_relative_to(Path(__file__).parents[1])]
    for frame in reversed([f for f in frames if f.filename == near] or theirs):
        return f" (raised at {frame.filename}:{frame.lineno})"
    return ""


def _package_of(entry: EntryPoint) -> str:
    package = entry.dist
    return entry.value if package is None else f"{package.name} {package.version}"
