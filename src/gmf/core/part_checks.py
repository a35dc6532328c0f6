"""Whether a part of others is what its kind asks for, told before it is used."""

from inspect import formatannotation, get_annotations
from types import FunctionType
from typing import Any, ClassVar, cast, get_args, get_origin, get_type_hints


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
