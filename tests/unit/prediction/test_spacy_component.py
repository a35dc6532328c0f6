"""The spaCy component: entities, images by context, tokens that do not agree."""

import pytest
from fixtures.rule_engine import rule_pipeline
from PIL import Image

import gmf
from gmf.core.errors import CheckpointError, ConfigError, GmfError
from gmf.testing import tiny_checkpoint

spacy = pytest.importorskip("spacy")

from gmf.prediction import spacy_component  # noqa: E402

TEXT = "Rocky is ready for snow season in New York !"


@pytest.fixture
def ruled(monkeypatch):
    """Return a maker of pipelines whose model goes by capital letters."""
    monkeypatch.setattr(spacy_component, "load", lambda *_, **__: rule_pipeline())

    def make(**config):
        nlp = spacy.blank("en")
        nlp.add_pipe("gmf", config={"model": "rule", **config})
        return nlp

    return make


def test_fills_the_entities_with_their_confidence(tmp_path):
    run = tiny_checkpoint(tmp_path / "run")
    nlp = spacy.blank("en")
    nlp.add_pipe("gmf", config={"model": str(run), "device": "cpu"})
    expected = gmf.load(run)(TEXT)
    doc = nlp(TEXT)
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [
        (e.char_start, e.char_end, e.type) for e in expected.entities
    ]
    assert [e._.gmf_confidence for e in doc.ents] == [e.confidence for e in expected.entities]
    assert doc._.gmf_notes == []


def test_images_come_with_the_context_or_the_document(tmp_path):
    run, png = tiny_checkpoint(tmp_path / "run"), tmp_path / "a.png"
    Image.new("RGB", (40, 40), "red").save(png)
    nlp = spacy.blank("en")
    component = nlp.add_pipe("gmf", config={"model": str(run)})
    texts = [(TEXT, {"images": [png]}), (TEXT, {}), (TEXT, {"image": str(png)}), (TEXT, None)]
    pairs = list(nlp.pipe(texts, as_tuples=True, batch_size=3))
    assert [context for _, context in pairs] == [context for _, context in texts]
    with_image, without = (component.pipeline(TEXT, image=image) for image in (png, None))
    assert with_image.entities != without.entities
    for (doc, _), expected in zip(pairs, (with_image, without) * 2, strict=True):
        assert [e._.gmf_confidence for e in doc.ents] == pytest.approx(
            [e.confidence for e in expected.entities], abs=1e-5
        )
    doc = nlp.make_doc(TEXT)
    doc._.gmf_images = png.read_bytes()
    found = [e._.gmf_confidence for e in nlp(doc).ents]
    assert found == pytest.approx([e.confidence for e in with_image.entities], abs=1e-5)
    doc = nlp.make_doc(TEXT)
    doc._.gmf_images = [tmp_path / "absent.png"]
    (note,) = nlp(doc)._.gmf_notes
    assert "no such file" in note


@pytest.mark.parametrize(
    ("alignment", "found", "note"),
    [
        ("expand", [("Rocky-ready", "PER")], "PER 'Rocky' [3, 8) became 'Rocky-ready'"),
        ("contract", [], "PER 'Rocky' [3, 8) is left out: it is not whole tokens"),
        ("strict", [], "PER 'Rocky' [3, 8) is left out: it is not whole tokens"),
    ],
)
def test_borders_inside_a_token_are_handled_and_told(ruled, alignment, found, note):
    nlp = ruled(alignment=alignment)
    words, spaces = ["is", "Rocky-ready", "?"], [True, False, False]
    doc = nlp(spacy.tokens.Doc(nlp.vocab, words=words, spaces=spaces))
    assert [(e.text, e.label_) for e in doc.ents] == found
    assert len(doc._.gmf_notes) == 1
    assert note in doc._.gmf_notes[0]


def test_of_two_entities_in_one_token_one_stays(ruled):
    nlp = ruled()
    doc = nlp(spacy.tokens.Doc(nlp.vocab, words=["Ann-and-Bobby", "Lee"]))
    assert [(e.text, e.label_) for e in doc.ents] == [("Ann-and-Bobby Lee", "PER")]
    assert len(doc._.gmf_notes) == 3
    assert "LOC 'Ann' [0, 3) is left out: it shares a token with a longer one" in doc._.gmf_notes
    doc = nlp(spacy.tokens.Doc(nlp.vocab, words=["Ann-and-Bobby", "!"]))
    assert [(e.text, e.label_) for e in doc.ents] == [("Ann-and-Bobby", "LOC")]
    assert "is left out: another has the same tokens" in " ".join(doc._.gmf_notes)
    assert doc.ents[0]._.gmf_confidence == 0.5


def test_documents_can_be_stored(ruled):
    nlp = ruled()
    docs = list(nlp.pipe([("Ann Lee", {"id": 1}), ("", {"id": 2})], as_tuples=True))
    doc = docs[0][0]
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert [e.text for e in again.ents] == ["Ann Lee"]
    assert docs[1][0]._.gmf_notes is not None


def test_a_pipeline_goes_to_disk_with_its_model(tmp_path):
    run = tiny_checkpoint(tmp_path / "run")
    nlp = spacy.blank("en")
    nlp.add_pipe("gmf", config={"model": str(run), "alignment": "contract"})
    before = [(e.text, e._.gmf_confidence) for e in nlp(TEXT).ents]
    nlp.to_disk(tmp_path / "nlp")
    run.rename(tmp_path / "gone")
    again = spacy.load(tmp_path / "nlp")
    assert again.get_pipe("gmf").alignment == "contract"
    assert [(e.text, e._.gmf_confidence) for e in again(TEXT).ents] == before


def test_a_pipeline_from_disk_takes_options_and_may_be_written_where_it_was(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("gmf", config={"model": str(tiny_checkpoint(tmp_path / "run"))})
    nlp.to_disk(tmp_path / "nlp")
    config = {"components": {"gmf": {"alignment": "strict"}}}
    again = spacy.load(tmp_path / "nlp", config=config)
    assert again.get_pipe("gmf").alignment == "strict"
    again.to_disk(tmp_path / "nlp")
    assert spacy.load(tmp_path / "nlp").get_pipe("gmf").alignment == "strict"


def test_a_component_without_model_says_what_to_do(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("gmf")
    with pytest.raises(ConfigError, match=r'add it with nlp.add_pipe\("gmf", config='):
        nlp(TEXT)
    nlp = spacy.blank("en")
    nlp.add_pipe("gmf", config={"model": str(tmp_path / "absent")})
    with pytest.raises(CheckpointError, match="expected a run folder"):
        nlp(TEXT)


def test_an_error_tells_the_place_of_a_document_in_the_whole_stream(ruled):
    texts = [("Ann", {})] * 200 + [("Bob", {"image": 5})]
    with pytest.raises(GmfError, match="post at position 200"):
        list(ruled().pipe(texts, as_tuples=True))


def test_documents_are_filled_in_order_whatever_is_read_ahead(ruled):
    texts = [f"Ann{number} here" for number in range(700)]
    docs = list(ruled().pipe(texts, batch_size=7))
    assert [doc.text for doc in docs] == texts
    assert [doc.ents[0].text for doc in docs] == [text.split()[0] for text in texts]
