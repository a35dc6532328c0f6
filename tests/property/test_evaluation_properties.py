import json
import math
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmf.core.plain import plain
from gmf.core.tags import entities_of
from gmf.evaluation.comparison import compare
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.files.word_pieces import common_pieces, spread_labels
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.scores import score

TAGS = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
LABELS = [*TAGS, "X", "[SEP]"]
WORDS = ["Rocky", "in", "New", "York", "\u00a0", "\ufe0f", "#a", "IMGID", "é"]
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def taggings(draw, labels=TAGS):
    length = draw(st.integers(1, 7))
    return tuple(
        tuple(draw(st.lists(st.sampled_from(kind), min_size=length, max_size=length)))
        for kind in (WORDS, TAGS, labels)
    )


tweets = st.lists(taggings(), min_size=1, max_size=6)
foreign = st.lists(taggings(LABELS), min_size=1, max_size=6)


def pairs(drawn):
    return [
        SamplePair(str(number), words, gold, predicted)
        for number, (words, gold, predicted) in enumerate(drawn)
    ]


@QUICK
@given(drawn=tweets)
def test_swapping_sides_swaps_precision_and_recall(drawn):
    gold, predicted = [g for _, g, _ in drawn], [p for _, _, p in drawn]
    ours, theirs = score(gold, predicted).lenient.micro, score(predicted, gold).lenient.micro
    assert (ours.precision, ours.recall, ours.f1) == (theirs.recall, theirs.precision, theirs.f1)
    assert 0 <= ours.f1 <= 1
    assert score(gold, gold).lenient.micro.f1 == (1.0 if any(map(entities_of, gold)) else 0.0)


@QUICK
@given(drawn=tweets)
def test_order_of_tweets_does_not_matter(drawn):
    gold, predicted = [g for _, g, _ in drawn], [p for _, _, p in drawn]
    assert score(gold, predicted) == score(gold[::-1], predicted[::-1])


@QUICK
@given(foreign, st.sampled_from(["lenient", "strict"]))
def test_every_grouping_adds_up_to_the_micro_counts(drawn, rule):
    config = EvaluationConfig(rule=rule, rounds=20)
    report = evaluate(pairs(drawn), config=config)
    micro = report.scores.under(rule).micro
    for groups in (report.metrics["entity_length"], report.metrics["tweet_length"]):
        for name in ("gold", "predicted", "correct"):
            assert sum(counts[name] for counts in groups.values()) == getattr(micro, name)
    assert report.metrics["span_only"]["correct"] >= micro.correct
    errors = report.metrics["boundary_errors"].values()
    assert sum(error["gold"] for error in errors) == micro.gold - micro.correct
    assert sum(error["predicted"] for error in errors) == micro.predicted - micro.correct
    assert all(error["f1_if_mended"] >= micro.f1 - 1e-12 for error in errors)
    assert report.metrics["countings"][0]["scores"] == plain(report.scores)
    json.dumps(report.to_dict(), allow_nan=False)


@QUICK
@given(tweets, tweets)
def test_comparison_is_antisymmetric_and_bounded(drawn, other):
    a = pairs(drawn)
    b = [SamplePair(p.id, p.tokens, p.gold, p.gold if other else p.predicted) for p in a]
    there, back = compare(a, b, rounds=20), compare(b, a, rounds=20)
    for rule in ("lenient", "strict"):
        for name, difference in there.differences[rule].items():
            assert difference.difference == -back.differences[rule][name].difference
            assert 0 < difference.p_value <= 1
            assert math.isfinite(difference.interval.low)
    assert there.number_of("better") == back.number_of("worse")


@QUICK
@given(drawn=foreign)
def test_conll_file_reads_back_what_was_written(tmp_path, drawn):
    path = tmp_path / "both.txt"
    # Where B- never opens an entity, I- tags are those of IOB1.
    drawn = [*drawn, (("Oslo",), ("B-LOC",), ("B-LOC",))]
    blocks = [
        f"IMGID:{number}\n" + "".join(map("{}\t{}\t{}\n".format, *drawn[number]))
        for number in range(len(drawn))
    ]
    path.write_text("\n".join(blocks), encoding="utf-8")
    read = read_pairs(path).pairs
    assert [(p.tokens, p.gold, p.predicted) for p in read] == drawn


@QUICK
@given(drawn=tweets)
def test_characters_give_the_scores_of_words(tmp_path, drawn):
    """Entities by character offsets in the joined words score as the tags do."""
    gold, predicted = tmp_path / "gold.txt", tmp_path / "predicted.jsonl"
    blocks, rows = [], []
    for number, (words, tags, found) in enumerate(drawn):
        visible = tuple(word if word.strip() else "w" for word in words)
        blocks.append(f"IMGID:{number}\n" + "".join(map("{}\t{}\n".format, visible, tags)))
        starts = [sum(len(word) + 1 for word in visible[:place]) for place in range(len(visible))]
        entities = [
            {
                "char_start": starts[entity.start],
                "char_end": starts[entity.end - 1] + len(visible[entity.end - 1]),
                "type": entity.type,
            }
            for entity in entities_of(found)
        ]
        rows.append(json.dumps({"id": number, "text": " ".join(visible), "entities": entities}))
    gold.write_text("\n".join(blocks), encoding="utf-8")
    predicted.write_text("\n".join(rows), encoding="utf-8")
    read = read_pairs(gold, predicted=predicted).pairs
    expected = score([t for _, t, _ in drawn], [f for _, _, f in drawn]).lenient
    assert score([p.gold for p in read], [p.predicted for p in read]).lenient == expected


@st.composite
def cut_texts(draw):
    """Return a text and two sides: words by characters, with tags; hyphens may be left out."""
    text = draw(st.text("ab -", min_size=1, max_size=12))
    sides = []
    for _ in range(2):
        edges = sorted(draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
        spans = [
            (start, end)
            for start, end in pairwise(edges)
            if text[start:end].strip(" ") and (text[start:end].strip("-") or draw(st.booleans()))
        ]
        tags = draw(st.lists(st.sampled_from(TAGS), min_size=len(spans), max_size=len(spans)))
        sides.append((spans, tags))
    return text, *sides


@settings(QUICK, max_examples=300)
@given(drawn=cut_texts())
def test_scores_are_those_of_characters_however_words_are_cut(drawn):
    text, (ours, gold), (theirs, predicted) = drawn
    if not ours or not theirs:
        return
    _, our_words, their_words = common_pieces(ours, theirs, text=text)
    labels = spread_labels(gold, our_words), spread_labels(predicted, their_words)

    def characters(spans, tags, *, strict):
        found = set()
        for entity in entities_of(tags, strict=strict):
            inside = text[spans[entity.start][0] : spans[entity.end - 1][1]]
            start = spans[entity.start][0] + len(inside) - len(inside.lstrip())
            found.add((start, start + len(inside.strip()), entity.type))
        return found

    for strict in (False, True):
        counts = score([labels[0]], [labels[1]])
        micro = counts.under("strict" if strict else "lenient").micro
        golds, found = (characters(*side, strict=strict) for side in (drawn[1], drawn[2]))
        assert (micro.gold, micro.predicted) == (len(golds), len(found))
        assert micro.correct == len(golds & found)
