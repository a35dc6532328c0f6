"""How a name looks, whatever characters it is written with."""

import re
import unicodedata

#: Characters that show nothing and are none of Unicode's format characters.
_FILLERS = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
#: Kinds of compatible characters that are seen to be others.
_SHOWN = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")


def look_of(name: str) -> str:
    """Return a name in plain characters: what looks the same is the same.

    Compatible characters count as one (NFKC: full width, ligatures, composed accents) unless they
    show it (m², ½, ①), invisible ones (U+200B, U+00AD, U+FE0F) not at all. Letters of other scripts
    stay.
    """
    visible = "".join(c for c in name if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace())
    plain = "".join(
        c if unicodedata.decomposition(c).startswith(_SHOWN) else unicodedata.normalize("NFKC", c)
        for c in visible
    )
    return " ".join(_FILLERS.sub("", unicodedata.normalize("NFC", plain)).split())
