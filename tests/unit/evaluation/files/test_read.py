import json

import pytest

from gmf.core.errors import DataError
from gmf.core.types import ScoredEntity
from gmf.evaluation.files.read import read_labelled_file, read_pairs
from gmf.evaluation.pairs import SamplePair, apply_service_policy, mark_images, spans_of_pairs
from gmf.evaluation.reports.report_tables import reading_table

GOLD = "IMGID:7\nRocky\tB-PER\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n\nIMGID:8\nOscars\tB-OTHER\n"


@pytest.fixture
def write(tmp_path):
    def writer(name, content):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return writer


def rows(*objects):
    return "\n".join(json.dumps(item) for item in objects)


def sides(paired):
    return [(pair.id, list(pair.gold), list(pair.predicted)) for pair in paired.pairs]


EXPECTED = [
    ("7", ["B-PER", "O", "B-LOC", "I-LOC"], ["B-PER", "O", "B-LOC", "O"]),
    ("8", ["B-MISC"], ["B-ORG"]),
]
ONE_FILE = {
    "gold first, TAB": (
        "IMGID:7\nRocky\tB-PER\tB-PER\nin\tO\tO\nNew\tB-LOC\tB-LOC\nYork\tI-LOC\tO\n\n"
        "IMGID:8\nOscars\tB-OTHER\tB-ORG\n",
        None,
    ),
    "conlleval, spaces": (
        "IMGID:7\nRocky NNP B-PER B-PER\nin IN O O\nNew NNP B-LOC B-LOC\nYork NNP I-LOC O\n\n"
        "IMGID:8\nOscars NNP B-MISC B-ORG\n",
        None,
    ),
    "predicted first": (
        "IMGID:7\nRocky\tB-PER\tB-PER\nin\tO\tO\nNew\tB-LOC\tB-LOC\nYork\tO\tI-LOC\n\n"
        "IMGID:8\nOscars\tB-ORG\tB-MISC\n",
        "predicted-gold",
    ),
    "blocks": (
        "7.jpg\nRocky in New York\nB-PER O B-LOC O\nB-PER O B-LOC I-LOC\n\n"
        "8.jpg\nOscars\nB-ORG\nB-MISC\n",
        None,
    ),
    "BIOES": (
        "IMGID:7\nRocky\tS-PER\tS-PER\nin\tO\tO\nNew\tB-LOC\tS-LOC\nYork\tE-LOC\tO\n\n"
        "IMGID:8\nOscars\tS-MISC\tS-ORG\n",
        None,
    ),
}


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_of_two_columns(name, write):
    content, order = ONE_FILE[name]
    assert sides(read_pairs(write("both", content), order=order)) == EXPECTED


PREDICTED = {
    "CoNLL": "IMGID:7\nRocky\tB-PER\nin\tO\nNew\tB-LOC\nYork\tO\n\nIMGID:8\nOscars\tB-ORG\n",
    "CoNLL in another order": (
        "IMGID:8\nOscars\tB-ORG\n\nIMGID:7\nRocky\tB-PER\nin\tO\nNew\tB-LOC\nYork\tO\n"
    ),
    "CoNLL without ids": "Rocky B-PER\nin O\nNew B-LOC\nYork O\n\nOscars B-ORG\n",
    "two columns, order by agreement": ONE_FILE["predicted first"][0],
    "blocks": ONE_FILE["blocks"][0],
    "tokens and tags": rows(
        {"id": 7, "tokens": ["Rocky", "in", "New", "York"], "tags": ["B-PER", "O", "B-LOC", "O"]},
        {"id": "8.jpg", "tokens": ["Oscars"], "tags": ["B-ORG"]},
    ),
    "text and characters": rows(
        {
            "id": "7",
            "text": "Rocky in New York",
            "entities": [
                {"start": 0, "end": 6, "type": "PER"},
                {"start": 9, "end": 12, "label": "LOC"},
            ],
        },
        {"id": "8", "text": "Oscars", "entities": [{"start": 0, "end": 6, "type": "ORG"}]},
    ),
    "documents of gmf predict": rows(
        {
            "text": "Rocky in New York",
            "entities": [
                {"text": "Rocky", "type": "PER", "char_start": 0, "char_end": 5, "confidence": 0.9},
                {"text": "New", "type": "LOC", "char_start": 9, "char_end": 12, "confidence": 0.8},
            ],
        },
        {
            "text": "Oscars",
            "entities": [{"type": "ORG", "char_start": 0, "char_end": 6, "confidence": 0.7}],
        },
    ),
    "words beside a text": rows(
        {
            "id": "7",
            "text": "Rocky in New York",
            "entities": [
                {"word_start": 0, "word_end": 1, "type": "PER"},
                {"char_start": 9, "char_end": 12, "type": "LOC"},
            ],
        },
        {
            "id": "8",
            "text": "Oscars",
            "entities": [{"word_start": 0, "word_end": 1, "type": "ORG"}],
        },
    ),
    "pairs of gmf evaluate": rows(
        {
            "id": "7",
            "tokens": ["Rocky", "in", "New", "York"],
            "entities": [
                {"word_start": 0, "word_end": 1, "type": "PER"},
                {"word_start": 2, "word_end": 3, "type": "LOC"},
            ],
        },
        {"id": "8", "tokens": ["Oscars"], "tags": ["B-ORG"]},
    ),
    "tokens and words": rows(
        {
            "id": "7",
            "tokens": ["Rocky", "in", "New", "York"],
            "entities": [
                {"start": 0, "end": 1, "type": "PER"},
                {"start": 2, "end": 3, "type": "LOC"},
            ],
        },
        {"id": "8", "tokens": ["Oscars"], "entities": [{"start": 0, "end": 1, "type": "ORG"}]},
    ),
}


@pytest.mark.parametrize("name", PREDICTED)
def test_two_files(name, write):
    paired = read_pairs(write("gold", GOLD), predicted=write("predicted", PREDICTED[name]))
    assert sides(paired) == EXPECTED
    assert paired.notes.missing == paired.notes.extra == ()
    assert paired.notes.gold_file.respelled_labels == {"B-OTHER as B-MISC": 1}


def test_json_lines_with_both_sides(write):
    content = rows(
        {
            "id": "7",
            "tokens": ["Rocky", "in", "New", "York"],
            "tags": ["B-PER", "O", "B-LOC", "I-LOC"],
            "predicted_tags": ["B-PER", "O", "B-LOC", "O"],
            "images": ["7.jpg"],
        },
        {"id": "8", "tokens": ["Oscars"], "gold_tags": ["B-OTHER"], "tags": ["B-ORG"]},
    )
    paired = read_pairs(write("both", content))
    assert sides(paired) == EXPECTED
    assert [pair.has_image for pair in paired.pairs] == [True, None]


def test_characters_that_cut_a_word_never_earn_credit(write):
    gold = rows(
        {"id": "1", "text": "Rocky's dog", "entities": [{"start": 0, "end": 5, "type": "PER"}]}
    )
    predicted = rows({"id": "1", "tokens": ["Rocky's", "dog"], "tags": ["B-PER", "O"]})
    paired = read_pairs(write("gold", gold), predicted=write("predicted", predicted))
    assert paired.pairs[0].tokens == ("Rocky", "'s", "dog")
    assert sides(paired) == [("1", ["B-PER", "O", "O"], ["B-PER", "I-PER", "O"])]


def test_confidences_follow_the_words(write):
    predicted = rows(
        {
            "id": "7",
            "text": "Rocky in New York",
            "entities": [{"start": 9, "end": 17, "type": "LOC", "confidence": 0.75}],
        },
        {"id": "8", "text": "Oscars", "entities": []},
    )
    paired = read_pairs(write("gold", GOLD), predicted=write("predicted", predicted))
    assert paired.pairs[0].scored == (ScoredEntity(2, 4, "LOC", 0.75),)


def test_words_of_a_pipeline_are_joined_to_entities_with_their_mean_confidence(write):
    def word(start, end, name, **more):
        return {"start": start, "end": end, "entity": name, **more}

    predicted = rows(
        {
            "id": "7",
            "text": "Rocky in New York",
            "entities": [
                word(0, 5, "B-PER", score=0.5),
                word(9, 12, "B-LOC", score=1.0),
                word(13, 17, "I-LOC", score=0.5),
            ],
        },
        {"id": "8", "text": "Oscars", "entities": [word(0, 6, "B-MISC")]},
    )
    paired = read_pairs(write("gold", GOLD), predicted=write("predicted", predicted))
    assert sides(paired)[0][2] == ["B-PER", "O", "B-LOC", "I-LOC"]
    assert paired.pairs[0].scored == (
        ScoredEntity(0, 1, "PER", 0.5),
        ScoredEntity(2, 4, "LOC", 0.75),
    )
    assert sides(paired)[1][2] == ["B-MISC"]
    file = read_labelled_file(write("padded", f"\n\n{predicted}\n"))
    assert (file.format, file.samples[0].first) == ("jsonl", ("B-PER", "O", "B-LOC", "I-LOC"))
    # Not every entity has a confidence, so that there is nothing to calibrate.
    assert paired.pairs[1].scored is None
    assert paired.notes.predicted_file.respelled_labels == {
        "B-PER as PER": 1,
        "B-LOC as LOC": 1,
        "I-LOC as LOC": 1,
        "B-MISC as MISC": 1,
    }


def test_dropped_words_take_their_scored_entities_with_them():
    pair = SamplePair(
        "1",
        ("a", "b", "c", "d"),
        gold=("X", "B-PER", "I-PER", "O"),
        predicted=("B-PER", "I-PER", "I-PER", "B-LOC"),
        own_gold=("O", "B-PER", "O", "O"),
        unpredicted=(0, 3),
        scored=(ScoredEntity(0, 3, "PER", 0.5), ScoredEntity(3, 4, "LOC", 0.25)),
    )
    (shorter,) = apply_service_policy([pair], policy="skip-gold")
    assert (shorter.tokens, shorter.gold) == (("b", "c", "d"), ("B-PER", "I-PER", "O"))
    assert shorter.scored == (ScoredEntity(2, 3, "LOC", 0.25),)
    assert (shorter.unpredicted, shorter.own_gold) == ((2,), ("B-PER", "O", "O"))


def test_what_was_decided_is_shown_and_nothing_else(write):
    predicted = (
        "IMGID:7\nRocky\tO\tB-PER\nin\tO\tX\nNeu\tB-LOC\tB-LOC\nYork\tI-LOC\tO\n\n"
        "IMGID:9\nExtra\tO\tB-PER\n"
    )
    gold = write("gold", GOLD)
    paired = read_pairs(gold, predicted=write("predicted", predicted), order="gold-predicted")
    table = reading_table(paired.notes)
    assert dict(table.rows) == {
        "gold file": f"{gold}: conll, 2 posts",
        "gold file: labels respelled": "B-OTHER as B-MISC 1",
        "prediction file": f"{gold.with_name('predicted')}: conll, 2 posts",
        "columns": "gold first, predicted second, as told",
        "posts matched by": "id",
        "posts without prediction, all O": "1: 8",
        "predicted posts not in gold, left out": "1: 9",
        "words spelled otherwise, paired": "1",
        "posts with other gold in the system's file": "1: 7 (entities: 2, there 1)",
        "service labels predicted": "1: X 1, in 7",
    }
    both = read_pairs(write("blocks", "1.jpg\na b\nO O\nX B-PER\n"), order="predicted-gold")
    assert ("service labels in gold", "1: X 1") in reading_table(both.notes).rows


def test_whether_the_model_saw_an_image_is_said_by_the_prediction_or_the_files(tmp_path):
    def saved(name, **fields):
        rows = [{"id": i, "tokens": ["a"], "tags": ["O"], **own} for i, own in fields.items()]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return tmp_path / name

    (tmp_path / "1.jpg").touch()
    here, absent = {"images": ["1.jpg"]}, {"images": [{"path": "2.jpg"}]}
    gold = saved("gold.jsonl", a=here, b=absent, c={"images": []}, d={})
    found = saved("found.jsonl", a={"has_image": False}, b={}, c={}, d={"has_image": True})
    own = [sample.has_image for sample in read_labelled_file(gold).samples]
    assert own == [True, False, False, None]
    assert read_labelled_file(gold).warning == "1 posts list images of which none is there"
    pairs = read_pairs(gold, predicted=found).pairs
    assert [pair.has_image for pair in pairs] == [False, False, False, True]
    (tmp_path / "1.jpg").unlink()  # Without any of the files, what is listed counts.
    assert [s.has_image for s in read_labelled_file(gold).samples] == [True, True, False, None]


def test_images_of_a_folder_are_found_by_the_name_of_the_tweet(tmp_path):
    for name in ("1.jpg", "2.PNG", "3.txt", "4"):
        (tmp_path / name).touch()
    pairs = [SamplePair(name, ("a",), ("O",), ("O",)) for name in ("1", "2", "3", "4", "5")]
    found = [pair.has_image for pair in mark_images(pairs, folder=tmp_path)]
    assert found == [True, True, False, False, False]
    with pytest.raises(DataError, match="no such folder of images"):
        mark_images(pairs, folder=tmp_path / "none")


def test_tweets_without_ids_are_matched_by_their_words(write):
    gold = write("gold", "snow\tO\n\nRocky\tB-PER\nwon\tO\n")
    paired = read_pairs(gold, predicted=write("predicted", "Rocky\tB-PER\nwon\tO\n"))
    assert paired.notes.matched_by == "words"
    assert paired.notes.missing == ("#1",)
    assert sides(paired) == [("#1", ["O"], ["O"]), ("#2", ["B-PER", "O"], ["B-PER", "O"])]


def test_cut_and_missing_tweets_count_against_recall_and_are_noted(write):
    predicted = "IMGID:7\nRocky\tB-PER\nin\tO\n\nIMGID:9\nExtra\tB-PER\n"
    paired = read_pairs(write("gold", GOLD), predicted=write("predicted", predicted))
    assert sides(paired) == [
        ("7", ["B-PER", "O", "B-LOC", "I-LOC"], ["B-PER", "O", "O", "O"]),
        ("8", ["B-MISC"], ["O"]),
    ]
    assert paired.notes.missing == ("8",)
    assert paired.pairs[1].unpredicted == (0,)
    assert paired.notes.extra == ("9",)
    assert paired.notes.unpredicted == {"7": (2, 3)}


def test_lost_and_respelled_words_are_paired_and_noted(write):
    gold = "\u00a0\tO\nRocky\tB-PER\nloves\tO\nNew\tB-LOC\nYork\tI-LOC\n"
    predicted = "rocky\tB-PER\nloves\tO\nNew\tB-LOC\nYork\tI-LOC\n!\tO\n"
    paired = read_pairs(write("gold", gold), predicted=write("predicted", predicted))
    assert sides(paired)[0][2] == ["O", "O", "O", "B-LOC", "I-LOC"]
    assert paired.notes.unpredicted == {"#1": (0, 1)}
    assert paired.notes.extra_words == 2
    predicted = "@user\tB-PER\nloves\tO\n"
    gold = "@rocky\tB-PER\nloves\tO\n"
    paired = read_pairs(write("gold", gold), predicted=write("predicted", predicted))
    assert sides(paired) == [("#1", ["B-PER", "O"], ["B-PER", "O"])]
    assert paired.notes.respelled_words == 1


def test_labels_of_a_short_block_go_to_the_visible_words(write):
    block = "1.jpg\nshe \u00ad sings\nO B-PER\nO B-PER\n\n2.jpg\na b c\nB-PER\nB-PER\n"
    paired = read_pairs(write("blocks", block))
    assert [pair.predicted for pair in paired.pairs] == [("O", "O", "B-PER"), ("B-PER", "O", "O")]
    assert paired.notes.unpredicted == {"1": (1,), "2": (1, 2)}
    assert paired.notes.unlabelled_gold == {"1": (1,), "2": (1, 2)}


def test_own_gold_that_differs_is_noted(write):
    predicted = "IMGID:7\nRocky\tO\tB-PER\nin\tO\tO\nNew\tB-LOC\tB-LOC\nYork\tI-LOC\tO\n"
    paired = read_pairs(
        write("gold", GOLD), predicted=write("predicted", predicted), order="gold-predicted"
    )
    (change,) = paired.notes.changed_gold
    assert (change.id, change.gold, change.own) == ("7", 2, 1)


def test_service_labels_are_counted_and_read_as_outside(write):
    block = "1.jpg\na b c\nX B-PER [SEP]\nB-PER B-PER O\n"
    paired = read_pairs(write("blocks", block))
    assert paired.notes.predicted_service_labels == {"X": 1, "[SEP]": 1}
    assert apply_service_policy(paired.pairs)[0].predicted == ("O", "B-PER", "O")


def test_a_word_of_odd_space_stays_a_word(write):
    paired = read_pairs(write("both", "\u00a0\tO\tB-PER\n\u2028\tO\tO\n"))
    assert paired.pairs[0].tokens == ("\u00a0", "\u2028")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tO\tO\nb\tO\n", r"bad:2: expected 3 columns.*got 2"),
        ("a\tO\tO\nb\tPER\tO\n\nc\tO\tO", "expected two label columns"),
        ("word\n", r"bad:1: expected word, label"),
        ("a\tPER\n", r"bad:1, field 'tag': label 'PER': expected O, B-TYPE"),
        ("", "the file is empty"),
        ("{\n", r"bad:1: .*Invalid JSON"),
        ('{"tokens": ["a"], "tags": ["O", "O"]}', r"bad:1: expected one tag a token, got 2 tags"),
        (
            '{"tokens": ["a"], "entities": [{"type": "PER", "word_start": 0, "word_end": 2}]}',
            r"bad:1: entity \[0, 2\) PER: expected 0 <= start < end <= 1, words of the sample",
        ),
        (
            '{"tokens": ["a"], "entities": [{"type": "PER", "word_start": 1, "word_end": 1}]}',
            r"bad:1: entity \[1, 1\) PER: expected 0 <= start < end <= 1, words of the sample",
        ),
        ('{"tokens": ["a"]}', r"bad:1: expected tags or entities, got neither"),
        ('{"tags": ["O"]}', r"bad:1: expected tokens or text, got neither"),
        (
            '{"text": "a", "entities": [{"start": 0, "end": 3, "type": "PER"}]}',
            r"bad:1: entity \[0, 3\) PER: expected 0 <= start < end <= 1",
        ),
        (
            '{"tokens": ["a"], "entities": [{"type": "PER", "char_start": 0, "char_end": 1}]}',
            r"bad:1: entity of type PER: expected word_start and word_end",
        ),
        (
            '{"text": "ab c", "entities": [{"start": 0, "end": 4, "type": "PER"}, '
            '{"start": 3, "end": 4, "type": "LOC"}]}',
            r"bad:1: \[3, 4\) LOC overlaps another entity, \[0, 4\) PER; keep one of them",
        ),
        ("1.jpg\na\nO O\nO O\n", r"bad:3, field 'tags': expected at most 1 tags"),
    ],
)
def test_faults_name_file_line_and_remedy(content, message, write):
    with pytest.raises(DataError, match=message):
        read_pairs(write("bad", content))


def test_files_that_share_no_tweet_are_refused(write):
    with pytest.raises(DataError, match=r"no post of .* has a prediction here"):
        read_pairs(write("gold", GOLD), predicted=write("other", "x\tO\ny\tO\n"))


def test_absent_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.txt: cannot be read \(No such file"):
        read_pairs(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("side", ["gold", "predicted"])
def test_types_that_look_alike_are_told(write, side):
    odd, plain = "Ann\tB-PER\u200b\n\nOslo\tX\n", "Ann\tB-PER\n\nOslo\tX\n"
    gold, predicted = write("gold", plain), write("predicted", plain)
    assert read_pairs(gold, predicted=predicted).notes.alike == ()
    write(side, odd)
    notes = read_pairs(gold, predicted=predicted).notes
    (told,) = notes.alike
    assert "looks like" in told
    assert r"'PER\u200b'" in told
    assert ("types that look like others", f"1: {told}") in reading_table(notes).rows


def test_types_that_differ_by_capitals_alone_are_told(write):
    gold, found = (
        write("gold", "Ann\tB-PER\n\nOslo\tB-LOC\n"),
        write("found", "Ann\tB-per\n\nOslo\tB-LOC\n"),
    )
    (told,) = read_pairs(gold, predicted=found).notes.alike
    assert told.startswith(
        "types that differ by capitals alone are read as several: 'PER' (1 words"
    )
    assert read_pairs(gold, predicted=gold).notes.alike == ()


CUT_OTHERWISE = {
    "one word of two": (
        {"text": "I love New York now", "tokens": ["I", "love", "New", "York", "now"]},
        ["O", "O", "B-LOC", "I-LOC", "O"],
        {"text": "I love New York now", "tokens": ["I", "love", "New York", "now"]},
        ["O", "O", "B-LOC", "O"],
    ),
    "a token of white space": (
        {"text": "New  York", "tokens": ["New", " ", "York"]},
        ["B-LOC", "I-LOC", "I-LOC"],
        {"text": "New  York", "tokens": ["New", "York"]},
        ["B-LOC", "I-LOC"],
    ),
    "a space that does not break": (
        {"text": "in New\u00a0York", "tokens": ["in", "New", "York"]},
        ["O", "B-LOC", "I-LOC"],
        {"text": "in New\u00a0York", "tokens": ["in", "New\u00a0York"]},
        ["O", "B-LOC"],
    ),
    "tokens without the hyphen": (
        {"text": "drink Coca-Cola", "tokens": ["drink", "Coca", "Cola"]},
        ["O", "B-ORG", "I-ORG"],
        {"text": "drink Coca-Cola", "tokens": ["drink", "Coca-Cola"]},
        ["O", "B-ORG"],
    ),
}


@pytest.mark.parametrize("name", CUT_OTHERWISE)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_equal_characters_are_equal_however_the_words_are_cut(name, is_swapped, write):
    ours, gold, theirs, predicted = CUT_OTHERWISE[name]
    files = [{"id": "1", **ours, "tags": gold}, {"id": "1", **theirs, "tags": predicted}]
    paths = [write(f"{side}.jsonl", rows(file)) for side, file in enumerate(files)]
    if is_swapped:
        paths.reverse()
    paired = read_pairs(paths[0], predicted=paths[1])
    [pair] = paired.pairs
    assert pair.gold == pair.predicted
    assert not paired.notes.losses
    for rule in ("lenient", "strict"):
        [spans] = spans_of_pairs([pair], rule=rule)
        assert len(spans.gold) == 1
        assert spans.gold == spans.predicted


@pytest.mark.parametrize(("name", "end"), [("wrong", 6), ("right", 8)])
def test_words_of_the_gold_do_not_depend_on_the_prediction(name, end, write):
    def row(end):
        return {"char_start": 0, "char_end": end, "type": "LOC"}

    gold = write("gold.jsonl", rows({"id": 1, "text": "New York is", "entities": [row(8)]}))
    found = write(f"{name}.jsonl", rows({"id": 1, "text": "New York is", "entities": [row(end)]}))
    [spans] = spans_of_pairs(read_pairs(gold, predicted=found).pairs, rule="lenient")
    assert spans.num_words == 3
    assert spans.words_of(spans.gold[0]) == ("New", "York")
    assert spans.show(spans.predicted[0]) == f"{'New York is'[:end]} [LOC]"


def test_posts_of_one_id_are_told_apart_by_their_words(write):
    first, second = ("Ann\tB-PER\nis\tO\n", "Oslo\tB-LOC\nnow\tO\n")
    gold = write("gold.conll", f"IMGID:1\n{first}\nIMGID:1\n{second}")
    found = write("found.conll", f"IMGID:1\n{second}\nIMGID:1\n{first}")
    paired = read_pairs(gold, predicted=found)
    assert [pair.gold == pair.predicted for pair in paired.pairs] == [True, True]
    assert paired.notes.respelled_words == 0


def test_a_boundary_inside_a_stray_word_is_wrong(write):
    gold = write(
        "gold.jsonl",
        rows(
            {
                "id": 1,
                "text": "A Bobo x",
                "tokens": ["A", "Bobo", "x"],
                "tags": ["S-PER", "I-PER", "O"],
            },
            {"id": 2, "text": "a b", "tokens": ["a", "b"], "tags": ["B-LOC", "E-LOC"]},
        ),
    )
    entity = {"char_start": 2, "char_end": 4, "type": "PER"}
    found = write(
        "found.jsonl",
        rows(
            {"id": 1, "text": "A Bobo x", "entities": [entity]},
            {"id": 2, "text": "a b", "entities": []},
        ),
    )
    spans = spans_of_pairs(read_pairs(gold, predicted=found).pairs, rule="lenient")
    assert [len(s.gold) for s in spans] == [2, 1]
    assert not set(spans[0].gold) & set(spans[0].predicted)


def test_tags_and_entities_that_differ_are_refused(write):
    row = {"id": 1, "text": "Ann is", "tokens": ["Ann", "is"], "tags": ["O", "B-PER"]}
    entity = {"char_start": 0, "char_end": 3, "type": "PER"}
    path = write("both.jsonl", rows({**row, "entities": [entity]}))
    expected = (
        "tags and entities of one post differ: tags alone have PER 1:2, entities alone PER 0:1"
    )
    with pytest.raises(DataError, match=expected) as caught:
        read_labelled_file(path)
    assert caught.value.line == 1
    same = write("same.jsonl", rows({**row, "tags": ["B-PER", "O"], "entities": [entity]}))
    assert read_labelled_file(same).samples[0].first == ("B-PER", "O")


def test_a_folder_without_an_image_of_any_post_is_refused(tmp_path):
    (tmp_path / "other.jpg").touch()
    with pytest.raises(DataError, match=r"no image of any post among its 1 images.*7\.jpg"):
        mark_images([SamplePair("7", ("a",), ("O",), ("O",))], folder=tmp_path)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("ABCA", "AXBAD", "ABXA"),  # C takes what is left, in order.
        ("AB", "B", "OB"),
        ("AAB", "BAA", "AAB"),
    ],
)
def test_posts_of_one_id_are_matched_by_words_then_in_order(write, ours, theirs, expected):
    def content(words, own):
        posts = [{"id": "1", "tokens": [w], "tags": [f"B-{w if own else 'P'}"]} for w in words]
        return rows(*posts)

    gold, predicted = write("gold", content(ours, False)), write("own", content(theirs, True))
    found = [pair.predicted[0] for pair in read_pairs(gold, predicted=predicted).pairs]
    assert [tag.removeprefix("B-") for tag in found] == list(expected)
