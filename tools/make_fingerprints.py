"""Write the digests by which ``gmf data doctor`` recognises releases.

    python tools/make_fingerprints.py DATA

``DATA`` holds a folder for each release named in ``releases.json``. Only digests are written.
"""

import json
import sys
from pathlib import Path

import numpy as np

from gmf.checks.fingerprints import id_print, labelled_print, text_print
from gmf.checks.raw_samples import load_folder
from gmf.reading.releases import PRINTS_PATH, RELEASES_PATH, split_digest

#: Releases whose test parts are looked for in other training parts.
WITH_TEST_PRINTS = ("twitter2015", "twitter2017", "gmner")


def fingerprints(data: Path, entries: list[dict[str, object]]) -> dict[str, np.ndarray]:
    """Fill in the digests of the entries and return the prints of tweets."""
    prints: dict[str, np.ndarray] = {}
    for entry in entries:
        name = str(entry["name"])
        splits = load_folder(data / name)
        entry["digests"] = {split.name: split_digest(split.raw_samples) for split in splits}
        for split in splits:
            if not entry.get("based_on"):
                labelled = sorted(map(labelled_print, split.raw_samples))
                prints[f"{name}/{split.name}/labelled"] = np.array(labelled, dtype=np.uint32)
            if split.name == "test" and name in WITH_TEST_PRINTS:
                texts = sorted({p for p in map(text_print, split.raw_samples) if p is not None})
                ids = sorted(id_print(tweet.id) for tweet in split.raw_samples)
                prints[f"{name}/test/text"] = np.array(texts, dtype=np.uint64)
                prints[f"{name}/test/id"] = np.array(ids, dtype=np.uint64)
    return prints


def main(data: Path) -> None:
    """Rewrite ``releases.json`` and ``prints.npz``."""
    entries = json.loads(RELEASES_PATH.read_text(encoding="utf-8"))
    np.savez_compressed(PRINTS_PATH, **fingerprints(data, entries))
    RELEASES_PATH.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
