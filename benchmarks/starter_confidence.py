"""What the starter's confidences are worth: calibration and thresholds, on own and foreign corpora.

    python benchmarks/starter_confidence.py RUN DATA > starter-confidence.json

RUN is the run of `starter.py`, DATA the folder of the corpora of `side_by_side.py`, of which the
test split is read; types are read as there. For each corpus: the expected calibration error of
predicted entities at temperature 1 and at the one that was fitted on dev, and precision and recall
of what ``gmf predict --min-confidence`` keeps.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from side_by_side import CORPORA, TYPES

from gmf.core.tags import alias_tag, entities_of
from gmf.models.checkpoint import load_tagger
from gmf.models.tagger import Tagger
from gmf.reading.readers import read_split
from gmf.training.calibration import expected_error
from gmf.training.run_folder import checkpoint_of

THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 0.9)
#: BTC tags mentions as entities; the starter learnt that they may be anything.
LEFT_ASIDE = ("btc",)


def judged(tagger: Tagger, folder: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return confidences of predicted entities, whether they are right, and the gold entities."""
    samples = read_split(folder, "test")
    gold = [
        {(e.start, e.end, e.type) for e in entities_of([alias_tag(t, aliases=TYPES) for t in tags])}
        for tags in (sample.tags or () for sample in samples)
    ]
    found = tagger.predict(replace(sample, tags=None) for sample in samples)
    rows = [
        (entity.confidence, (entity.start, entity.end, entity.type) in right)
        for prediction, right in zip(found, gold, strict=True)
        for entity in prediction.entities
    ]
    confidence, is_right = np.array(rows, dtype=float).T
    return confidence, is_right, sum(map(len, gold))


def main() -> None:
    """Print the figures as JSON."""
    run, data = map(Path, sys.argv[1:])
    tagger = load_tagger(checkpoint_of(run))
    crf = tagger.model.head.crf
    fitted = crf.temperature
    result = {"fitted on dev": tagger.provenance["calibration"], "corpora": {}}
    for corpus in CORPORA:
        if corpus in LEFT_ASIDE:
            continue
        crf.temperature = 1.0
        before = expected_error(*judged(tagger, data / corpus)[:2])
        crf.temperature = fitted
        confidence, is_right, gold = judged(tagger, data / corpus)
        result["corpora"][corpus] = {
            "expected error at temperature 1": round(before, 4),
            "expected error": round(expected_error(confidence, is_right), 4),
            "at least": {
                str(least): {
                    "precision": round(100 * is_right[confidence >= least].mean(), 1),
                    "recall": round(100 * is_right[confidence >= least].sum() / gold, 1),
                    "entities": int((confidence >= least).sum()),
                }
                for least in THRESHOLDS
            },
        }
    json.dump(result, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
