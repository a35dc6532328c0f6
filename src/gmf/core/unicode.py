"""Text that is Unicode: JSON may hold half of a character, which no file of UTF-8 can."""


def is_unicode(text: str) -> bool:
    """Return whether a string is text: file names may be any bytes, JSON half a surrogate pair."""
    try:
        check_unicode(text)
    except ValueError:
        return False
    return True


def check_unicode(text: str, *, name: str = "") -> None:
    """Refuse a text that holds half of a surrogate pair.

    Args:
        text: The text.
        name: What it is, for the message.

    Raises:
        ValueError: Names the text, its character, counted from 1, and what to do.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        where = f"{name}: " if name else ""
        raise ValueError(
            f"{where}character {error.start + 1} is half of a surrogate pair: expected Unicode "
            "text; decode the source with the right encoding"
        ) from error
