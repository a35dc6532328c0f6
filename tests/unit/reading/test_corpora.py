import numpy as np
import pytest

from gmf.core.config import parse_config
from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet, entities_of
from gmf.core.types import Entity, Sample
from gmf.data.config import DataConfig
from gmf.data.observed import possible_tags
from gmf.evaluation.pairs import pair_of_tags
from gmf.reading.corpora import CorpusConfig, fingerprints, judged, read_corpora


def write(folder, *posts):
    """Write a corpus with the same posts in train and dev: words and tags ``a/B-PER b``."""
    folder.mkdir(parents=True)
    text = "\n".join(
        "".join(f"{word}\t{tag or 'O'}\n" for word, _, tag in (w.partition("/") for w in p.split()))
        for p in posts
    )
    for split in ("train", "dev"):
        (folder / f"{split}.txt").write_text(text)
    return folder


def corpora(*options):
    return parse_config(DataConfig, {"folders": list(options)}).corpora


@pytest.fixture
def news(tmp_path):
    return write(tmp_path / "news", "Ann/B-PER in Oslo/B-LOC")


@pytest.fixture
def wild(tmp_path):
    post = "Ann/B-person Lee/I-person at Acme/B-group Ltd/B-corporation with Dune/B-work now/B-time"
    return write(tmp_path / "wild", post)


TYPES = {"person": "PER", "group": "ORG", "corporation": "ORG", "work": "unknown", "time": "O"}


def test_each_sample_says_what_its_corpus_annotates(news, wild):
    read = read_corpora(corpora(str(news), {"folder": wild, "types": TYPES}), ("train", "dev"))
    first, second = read["train"]
    assert (first.corpus, first.annotated, first.unknown) == ("news", ("PER", "LOC"), ())
    assert (second.corpus, second.annotated, second.unknown) == ("wild", ("PER", "ORG"), (6,))
    assert second.tags == ("B-PER", "I-PER", "O", "B-ORG", "B-ORG", "O", "O", "O")
    assert [sample.corpus for sample in read["dev"]] == ["news", "wild"]


def test_neighbours_whose_types_become_one_stay_two_entities(tmp_path):
    odd = write(tmp_path / "odd", "a/B-group b/I-corporation c/B-corporation d/I-corporation")
    types = {"group": "ORG", "corporation": "ORG"}
    (sample,) = read_corpora(corpora({"folder": odd, "types": types}), ("train",))["train"]
    assert sample.tags == ("B-ORG", "B-ORG", "B-ORG", "I-ORG")


def test_what_a_type_map_leads_to_counts_as_annotated_and_so_does_what_is_stated(news, tmp_path):
    few = write(tmp_path / "few", "Ann/B-PER in Oslo")
    for more, annotated in (({}, ("PER",)), ({"annotates": ["PER", "LOC"]}, None)):
        read = read_corpora(corpora(str(news), {"folder": few, **more}), ("train",))
        assert read["train"][1].annotated == annotated


def test_of_a_type_that_is_partly_annotated_other_words_may_be_one(tmp_path):
    films = write(tmp_path / "films", "Dune/B-MISC by Ann/B-PER at Cannes")
    for others in ([], [str(write(tmp_path / "news", "Cup/B-MISC now"))]):
        options = corpora({"folder": films, "partly": ["MISC"]}, *others)
        sample, *more = read_corpora(options, ("train",))["train"]
        assert (sample.tags, sample.annotated) == (("B-MISC", "O", "B-PER", "O", "O"), ("PER",))
        assert all(other.annotated is None for other in more) or more[0].annotated == ("MISC",)
        tags = TagSet(("PER", "MISC"))
        possible = possible_tags([sample], tags)
        assert possible is not None
        named = [[list(tags.index)[n] for n in np.flatnonzero(word)] for word in possible[0]]
        free = [tag for tag in tags.index if not tag.endswith("PER")]
        assert named == [["B-MISC"], free, ["B-PER"], free, free]
        # What is right counts, what may be right does not; the rest is wrong.
        pair = pair_of_tags(sample, ("B-MISC", "O", "B-MISC", "B-PER", "B-MISC"))
        assert pair.predicted == ("B-MISC", "O", "O", "B-PER", "O")
        assert judged(sample, entities_of(sample.tags), partly=False) == [Entity(2, 3, "PER")]
    with pytest.raises(ConfigError, match="annotates LOC partly, of which it has no entity"):
        read_corpora(corpora({"folder": films, "partly": ["LOC"]}), ("train",))


def test_one_corpus_alone_is_read_as_a_folder_is(news):
    (sample,) = read_corpora(corpora(str(news)), ("train",))["train"]
    assert (sample.corpus, sample.annotated, sample.unknown) == ("", None, ())


def test_a_corpus_is_read_alike_whatever_splits_are_asked_for(news, tmp_path):
    sparse = write(tmp_path / "sparse", "Ann/B-PER Acme/B-ORG")
    (sparse / "test.txt").write_text("a\tO\n")
    (news / "test.txt").write_text("a\tO\n")
    (sample, other) = read_corpora(corpora(news, sparse), ("test",))["test"]
    assert (sample.annotated, other.annotated) == (("PER", "LOC"), ("PER", "ORG"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"types": {"persn": "PER"}}, r"names 'persn', which it does not have.*mean 'person'"),
        ({"annotates": ["person", "group"]}, "has entities of corporation, time, work, which"),
    ],
)
def test_a_map_that_does_not_suit_its_corpus_is_refused(wild, options, words):
    with pytest.raises(ConfigError, match=words):
        read_corpora(corpora({"folder": wild, **options}), ("train",))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folders": ["a", "b/a"]}, "two are named 'a'; give each a name"),
        ({"folders": ["a"], "folder": "b"}, "stands in place of folder"),
        ({"folders": ["a", "b"], "mix": {"a": 1}}, "'b' has none"),
        ({"folders": ["aa", "b"], "mix": {"aa": 1, "b": 1, "ab": 2}}, "'ab' is none; did you mean"),
        ({"folders": ["a", "b"], "mix": {"a": 1, "b": 0}}, r"data|mix\.b: .*greater than 0"),
        ({"mix": {"a": 1}}, "data.folders is empty"),
        ({"folders": [{"folder": "a", "tpyes": {}}]}, r"folders\.0\.tpyes.*did you mean 'types'"),
        ({"folders": [{"types": {}}]}, r"folders\.0\.folder: Field required"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        parse_config(DataConfig, options)


def test_what_an_annotation_cannot_judge_is_not_scored():
    sample = Sample(
        "1",
        ("Ann", "saw", "Dune", "in", "Oslo"),
        ("B-PER", "O", "O", "O", "O"),
        corpus="wild",
        annotated=("PER", "ORG"),
        unknown=(2,),
    )
    pair = pair_of_tags(sample, ("B-PER", "B-ORG", "B-ORG", "B-PER", "B-LOC"))
    assert pair.predicted == ("B-PER", "B-ORG", "O", "B-PER", "O")
    assert pair.corpus == "wild"


def test_each_corpus_has_a_fingerprint_of_its_own(news, wild):
    both = (CorpusConfig(folder=news), CorpusConfig(folder=wild, name="w"))
    samples = read_corpora(both, ("dev",))["dev"]
    first, second = fingerprints(samples, part="dev", corpora=both)
    assert (first.source, second.source) == ("news/dev.txt", "w/dev.txt")
    assert (first.tweets, second.tweets) == (1, 1)
    assert first.digest != second.digest
