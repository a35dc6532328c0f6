"""Text that is Unicode: JSON may hold half of a character, which no file of UTF-8 can."""


def check_unicode(text: str) -> None:
    """Refuse a text that holds half of a surrogate pair.

    Raises:
        ValueError: Names its character, counted from 1, and what to do.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start + 1} is half of a surrogate pair: expected Unicode text; "
            "decode the source with the right encoding"
        ) from error
