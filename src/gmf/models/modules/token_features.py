"""Features of tokens in samples: spelling, context and dictionaries (T-NER)."""

import re
from collections.abc import Iterator, Mapping, Sequence

#: Tokens on each side whose features a token sees.
WINDOW = 2
#: Longest prefix and suffix.
MAX_AFFIX = 4
#: Lengths of the cluster prefixes, in bits.
CLUSTER_BITS = (4, 8, 12)

_FLAGS = {
    "hashtag": re.compile(r"#\w"),
    "mention": re.compile(r"@\w"),
    "link": re.compile(r"https?://|www\.", re.IGNORECASE),
    "digit": re.compile(r".*\d"),
    "number": re.compile(r"(?=.*\d)[\d.,:/%$-]+$"),
    "hyphen": re.compile(r".+-."),
    "punctuation": re.compile(r"[^\w\s]+$"),
}


class TokenFeatures:
    """Name the features of every token of a sample.

    Source: Ritter et al. 2011, Sect. 3 (orthographic, contextual and dictionary features, Brown
    clusters, capitalisation of the whole sample). Departs from it: no part-of-speech tagger and no
    chunker; the share of capitalised words stands for their trained capitalisation classifier.

    Args:
        gazetteers: Phrases of each gazetteer, lower-cased.
        clusters: Brown cluster of each word, as bits.
    """

    def __init__(
        self, *, gazetteers: Mapping[str, Sequence[str]], clusters: Mapping[str, str]
    ) -> None:
        self.clusters = clusters
        self.names_of: dict[str, list[str]] = {}
        for name, phrases in gazetteers.items():
            for phrase in phrases:
                self.names_of.setdefault(phrase, []).append(name)
        self.longest = max((phrase.count(" ") + 1 for phrase in self.names_of), default=0)

    def __call__(self, tokens: Sequence[str]) -> list[list[str]]:
        """Return the features of each token, without repeats."""
        seen_far = [list(self._contextual(token)) for token in tokens]
        for position, names in enumerate(self._gazetteer_names(tokens)):
            seen_far[position] += [f"gazetteer={name}" for name in sorted(names)]
        capitals = f"capitals={_capital_tenths(tokens)}"
        features_of_tokens: list[list[str]] = []
        for position, token in enumerate(tokens):
            features = ["bias", capitals, *_affixes(token)]
            for offset in range(-WINDOW, WINDOW + 1):
                neighbour = position + offset
                inside = 0 <= neighbour < len(tokens)
                near = seen_far[neighbour] if inside else ["outside"]
                features += [f"{offset}:{feature}" for feature in near]
            features_of_tokens.append(list(dict.fromkeys(features)))
        return features_of_tokens

    def _contextual(self, token: str) -> Iterator[str]:
        """Yield the features of a token that its neighbours see too."""
        lower = token.lower()
        yield f"word={token}"
        yield f"lower={lower}"
        yield f"shape={_shape(token)}"
        for flag, pattern in _FLAGS.items():
            if pattern.match(token):
                yield flag
        if token[:1].isupper():
            yield "capital"
        if len(token) > 1 and token.isupper():
            yield "all-capital"
        bits = self.clusters.get(token, self.clusters.get(lower, ""))
        for length in CLUSTER_BITS:
            if len(bits) >= length:
                yield f"cluster={bits[:length]}"
        if bits:
            yield f"cluster={bits}"

    def _gazetteer_names(self, tokens: Sequence[str]) -> list[set[str]]:
        """Return the gazetteers of the longest phrase that starts at each token, for its words."""
        lower = [token.lower() for token in tokens]
        names_of_tokens: list[set[str]] = [set() for _ in tokens]
        for start in range(len(tokens)):
            for end in range(min(len(tokens), start + self.longest), start, -1):
                names = self.names_of.get(" ".join(lower[start:end]))
                if names:
                    for index in range(start, end):
                        names_of_tokens[index].update(names)
                    break
        return names_of_tokens


def _affixes(token: str) -> Iterator[str]:
    lower = token.lower()
    for length in range(1, min(MAX_AFFIX, len(lower)) + 1):
        yield f"prefix={lower[:length]}"
        yield f"suffix={lower[-length:]}"


def _shape(token: str) -> str:
    """Return ``Xx`` for ``Oslo``, ``x-d`` for ``covid-19``: runs of one class count once."""
    classes = (
        "X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in token
    )
    return re.sub(r"(.)\1+", r"\1", "".join(classes))


def _capital_tenths(tokens: Sequence[str]) -> int:
    """Return the share of words that begin with a capital, in tenths."""
    words = [token for token in tokens if token[:1].isalpha()]
    return round(10 * sum(word[0].isupper() for word in words) / len(words)) if words else 0
