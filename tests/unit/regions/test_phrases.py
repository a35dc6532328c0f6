import importlib.util
import json
import types

import pytest
from fixtures.shared import shared_data

from gmf.core.errors import ConfigError
from gmf.reading.conll import read_conll
from gmf.regions import phrases
from gmf.regions.phrases import chunk_phrases, phrase_finder, spacy_phrases


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (
            "RT @BBC : Kim Davis and Isis in Palm Springs http://t.co/x",
            "Kim Davis|Isis|Palm Springs",
        ),
        ("just a dog on my sofa", "dog|sofa"),
        ("#BlackLivesMatter at 5 pm", "Black Lives Matter"),
        ("New York 's Red Cross , Red Cross !", "York|Red Cross"),
        (
            "a row of big shiny green plastic garden chairs",
            "row|shiny green plastic garden|chairs",
        ),
        ("😀 !!! 123 http://t.co", ""),
        ("", ""),
    ],
)
def test_chunks(post, expected):
    assert chunk_phrases(post.split()) == [phrase for phrase in expected.split("|") if phrase]


class _FakePipeline:
    """Reads capitalised runs as noun chunks, as a spaCy pipeline would report them."""

    vocab = None

    def __init__(self):
        self.pipeline = [("parser", self._parse)]

    def _parse(self, words):
        def token(text):
            return types.SimpleNamespace(text=text, pos_="DET" if text == "the" else "NOUN")

        chunks, run = [], []
        for word in [*words, ""]:
            if word[:1].isupper() or word == "the":
                run.append(token(word))
            elif run:
                chunks, run = [*chunks, run], []
        return types.SimpleNamespace(noun_chunks=chunks)


@pytest.fixture
def fake_spacy(monkeypatch):
    pipeline = _FakePipeline()
    module = types.SimpleNamespace(
        load=lambda model, exclude: pipeline,
        tokens=types.SimpleNamespace(Doc=lambda vocab, words: words),
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(phrases.importlib, "import_module", lambda name: module)


def test_spacy_chunks_without_links_articles_and_repeats(fake_spacy):
    name, find = phrase_finder("auto")
    assert name == "spacy"
    post = ["the", "Red", "Cross", "and", "Red", "Cross", "at", "#Oslo", "http://Link", "@Mention"]
    assert find(post) == ["Red Cross", "Oslo"]


def test_spacy_when_absent(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert phrase_finder("auto") == ("chunker", chunk_phrases)
    with pytest.raises(ConfigError, match=r"phrases=spacy needs spacy; .* 'gmf\[spacy\]'"):
        phrase_finder("spacy")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "spacy" or None)
    with pytest.raises(ConfigError, match=r"pipeline en_core_web_sm; run .* or choose phrases=chu"):
        phrase_finder("spacy")
    with pytest.raises(ConfigError, match="pipeline other"):
        spacy_phrases("other")


@pytest.mark.parametrize("corpus", ["twitter2015", "twitter2017"])
def test_chunks_hold_most_words_of_published_phrases(corpus):
    folder = shared_data() / corpus
    published = json.loads((folder / "objects" / "test_phrases.json").read_text())
    wanted = found = 0
    for sample in read_conll(folder / "test.txt"):
        theirs = published.get(f"{sample.id}.jpg", "person location organization misc")
        if theirs != "person location organization misc":
            ours = {
                word.lower() for phrase in chunk_phrases(sample.tokens) for word in phrase.split()
            }
            words = {word.lower().lstrip("#") for word in theirs.split()}
            wanted += len(words)
            found += len(words & ours)
    assert found / wanted > 0.85
