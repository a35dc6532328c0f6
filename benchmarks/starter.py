"""The starter: a small text-only model of names in posts, from open corpora alone.

    python benchmarks/starter.py DATA --out OUT [KEY=VALUE ...]

DATA holds ``btc`` (Broad Twitter Corpus, CC-BY 4.0), ``wnut17`` (WNUT-17, CC-BY 4.0) and
``tweebank_ner`` (Tweebank-NER, Apache-2.0). Their train and dev are written to ``OUT/corpora`` as
posts are met elsewhere. A teacher, a large text encoder, is trained on them in ``OUT/teacher``;
then the preset ``starter``, drawn to the teacher, in ``OUT/run``, with the options given. Test
parts and other corpora are not read. Resumable, like every run.

- Every second post with a hashtag or a mention has its sign as a word of its own, as many corpora
  have it; the name keeps the tag.
- BTC tags mentions as persons and organisations, others do not: their words may be anything.
- Tweebank's ``@USER12`` and ``URL12`` get a mention and a link as they are met, of WNUT-17.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from gmf.core.types import Sample
from gmf.experiments.presets import load_run_config
from gmf.reading.readers import read_split
from gmf.training.run import train

MENTION = "mention"
#: Types of each corpus as those of the starter.
TYPES = {
    "btc": {MENTION: "unknown"},
    "wnut17": {
        "person": "PER",
        "location": "LOC",
        "corporation": "ORG",
        "group": "ORG",
        "product": "MISC",
        "creative-work": "MISC",
    },
    "tweebank_ner": {},
}
#: What the teacher has otherwise than the preset.
TEACHER = (
    "encoders.text=all-mpnet-base-v2",
    "training.learning_rate=5e-5",
    "training.agreement=none",
    "seed=2",
)
#: Words with their tags.
Words = list[tuple[str, str]]


def without_mentions(words: Words) -> Words:
    """Return BTC's words with a type of its own for mentions: ``@`` and the word after it."""
    marked: Words = []
    for position, (word, tag) in enumerate(words):
        after_sign = position > 0 and words[position - 1][0] == "@"
        is_mention = word == "@" or after_sign or word.startswith("@")
        marked.append((word, f"B-{MENTION}") if tag != "O" and is_mention else (word, tag))
    return marked


def as_met(words: Words, mentions: Iterator[str]) -> Words:
    """Return Tweebank's words with real mentions and links."""
    return [
        (
            next(mentions)
            if re.fullmatch(r"@USER\d+", word)
            else re.sub(r"^URL(\d+)$", r"http://t.co/\1", word),
            tag,
        )
        for word, tag in words
    ]


def with_signs_apart(words: Words) -> Words:
    """Return words with the sign of hashtags and mentions as a word of its own."""
    apart: Words = []
    for word, tag in words:
        if len(word) > 1 and word[0] in "#@":
            continues = tag[0] == "I"
            apart += [(word[0], tag if continues else "O"), (word[1:], tag)]
        else:
            apart.append((word, tag))
    return apart


def prepare(data: Path, out: Path) -> list[dict[str, object]]:
    """Write the corpora; return them as ``data.folders`` names them."""
    found = {
        name: {split: read_split(data / name, split) for split in ("train", "dev")}
        for name in TYPES
    }
    mentions = cycle(
        word for s in found["wnut17"]["train"] for word in s.tokens if re.match(r"@\w", word)
    )
    for name, splits in found.items():
        for split, samples in splits.items():
            posts = list(prepared(name, samples, mentions))
            path = out / name / f"{split}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "\n".join("".join(f"{w}\t{t}\n" for w, t in post) for post in posts)
            path.write_text(text, encoding="utf-8")
    return [{"folder": str(out / name), "types": types} for name, types in TYPES.items()]


def prepared(name: str, samples: Sequence[Sample], mentions: Iterator[str]) -> Iterator[Words]:
    """Yield the words of each post of a corpus as the starter reads them."""
    signed = 0
    for sample in samples:
        words = list(zip(sample.tokens, sample.tags or (), strict=True))
        if name == "btc":
            words = without_mentions(words)
        if name == "tweebank_ner":
            words = as_met(words, mentions)
        if any(len(word) > 1 and word[0] in "#@" for word, _ in words):
            signed += 1
            words = with_signs_apart(words) if signed % 2 else words
        yield words


def main() -> None:
    """Prepare the corpora, train the teacher and then the starter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_intermixed_args()
    folders = prepare(options.data, options.out / "corpora")
    teacher = options.out / "teacher"
    starter = [f"training.teacher={teacher}", *options.overrides]

    def on_epoch(row: dict[str, object]) -> None:
        print(json.dumps(row), flush=True)

    for run, changes in ((teacher, TEACHER), (options.out / "run", starter)):
        config = load_run_config("starter", [f"data.folders={json.dumps(folders)}", *changes])
        train(config, run, on_epoch=on_epoch, on_note=print)


if __name__ == "__main__":
    main()
