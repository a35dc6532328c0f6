"""Whether a part of others is what its kind asks for, told before it is used."""

from collections.abc import Iterator, Sequence
from inspect import formatannotation, get_annotations
from types import FunctionType
from typing import Any, ClassVar, TypeVar, cast, get_args, get_origin, get_type_hints

ItemT = TypeVar("ItemT")


def fault_of_part(part: object, base: type[Any] | tuple[type[Any], ...]) -> str:
    """Return what is wrong with a part; empty if nothing.

    Args:
        part: What was registered, or what an entry point leads to.
        base: See ``gmf.core.registry.Registry``.
    """
    if base is FunctionType:
        return "" if callable(part) else f"expected a function, got {part!r}"
    bases = base if isinstance(base, tuple) else (base,)
    if not (isinstance(part, type) and issubclass(part, bases)):
        names = " or ".join(f"{base.__module__}.{base.__qualname__}" for base in bases)
        return f"expected a class derived from {names}, got {part!r}"
    kind = cast(type[Any], part)
    ours = [base for base in kind.__mro__ if base.__module__.partition(".")[0] == "gmf"]
    fields = {
        name: get_args(get_type_hints(base)[name])[0]
        for base in reversed(ours)
        for name, hint in get_annotations(base).items()
        if get_origin(hint) is ClassVar
    }
    methods = [n for n in dir(kind) if getattr(getattr(kind, n, 0), "__isabstractmethod__", False)]
    if lacks := sorted({*methods, *(name for name in fields if not hasattr(kind, name))}):
        return f"{kind.__name__} lacks {', '.join(lacks)}, which its base class asks for"
    return next(filter(None, (_fault_of_field(kind, *field) for field in fields.items())), "")


def _fault_of_field(kind: type[Any], name: str, hint: Any) -> str:
    """Return what is wrong with a field that a class of others states."""
    owner = next(base for base in kind.__mro__ if name in vars(base))
    if owner.__module__.partition(".")[0] == "gmf":
        return ""
    # Here, not above: what is only listed needs no pydantic.
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    value = getattr(kind, name)
    expected = formatannotation(hint)
    if name == "suffixes":
        endings = cast(tuple[object, ...], value) if isinstance(value, tuple) else ("",)
        fits = all(isinstance(e, str) and e[:1] == "." and e == e.lower() for e in endings)
        expected = "endings like ('.md',)"
    else:
        config = ConfigDict(strict=True, arbitrary_types_allowed=True)
        try:
            TypeAdapter(hint, config=config).validate_python(
                tuple(value) if isinstance(value, list) else value
            )
            fits = True
        except ValidationError:
            fits = False
    return "" if fits else f"{kind.__name__}.{name}: expected {expected}, got {value!r}"


def fault_of_built(part: object, protocol: type[Any]) -> str:
    """Return what is wrong with what a part has built; empty if nothing.

    Args:
        part: What came.
        protocol: What was asked for: its methods, and its attributes with their types.
    """
    fields = get_annotations(protocol)
    methods = [n for n, v in vars(protocol).items() if isinstance(v, FunctionType) and n[0] != "_"]
    expected = f"expected a {protocol.__name__.lower()} with {', '.join([*methods, *fields])}"
    if isinstance(part, type):
        return f"{expected}, got the class {part.__qualname__}: return {part.__qualname__}(...)"
    lacks = [n for n in methods if not callable(getattr(part, n, None))]
    lacks += [n for n in fields if not hasattr(part, n)]
    if lacks:
        return f"{expected}, got {part!r:.200}, which lacks {', '.join(lacks)}"
    for name, hint in fields.items():
        value = getattr(part, name)
        if not isinstance(value, hint) or value == "":
            return f"{expected}; {name}: expected {formatannotation(hint)}, got {value!r:.200}"
    return ""


def drawn(value: object) -> object:
    """Return what a generator yields, as a list; anything else as it is."""
    return list(cast(Iterator[object], value)) if isinstance(value, Iterator) else value


def list_of(
    kind: type[ItemT], value: object, *, what: str, count: int | None = None
) -> list[ItemT]:
    """Return what a part returned as a list, when it is one.

    Args:
        kind: What its items are.
        value: What came.
        what: What was to return what, for messages.
        count: How many items are expected; any number when ``None``.

    Raises:
        TypeError: If it is no list or tuple, has another number of items, or others.
    """
    if not isinstance(value, list | tuple):
        raise TypeError(f"{what}, got {value!r:.200}")
    items = cast(Sequence[ItemT], value)
    if count is not None and len(items) != count:
        raise TypeError(f"{what}, {count} in all, got {len(items)}")
    for number, item in enumerate(items, 1):
        if not isinstance(cast(object, item), kind):
            raise TypeError(f"{what}, got {item!r:.200} as number {number}")
    return list(items)
