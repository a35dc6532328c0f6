from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gmf.core.errors import ConfigError
from gmf.core.types import ImageInput, Region, Sample
from gmf.evaluation.control_tables import control_table
from gmf.evaluation.image_controls import CONTROLS, apply_control
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.reports.tables import Percent


def picture(colour, size=(40, 20)):
    buffer = BytesIO()
    Image.new("RGB", size, (colour, 0, 0)).save(buffer, format="PNG")
    return buffer.getvalue()


def post(identifier, *images):
    return Sample(identifier, ("a",), ("O",), tuple(ImageInput(image) for image in images))


@pytest.fixture
def posts(tmp_path):
    absent = tmp_path / "absent.jpg"
    shared = picture(100)
    return [
        *(post(str(colour), picture(colour)) for colour in range(8)),
        post("shared 1", shared),
        post("shared 2", shared),
        post("shared 3", shared),
        post("absent", absent),
        post("broken", b"no picture"),
        post("bare"),
    ]


def sources(samples):
    return [[image.source for image in sample.images] for sample in samples]


def test_real_changes_nothing_and_none_takes_all(posts):
    assert apply_control(posts, control="real").samples == posts
    bare = apply_control(posts, control="none")
    assert sources(bare.samples) == [[]] * len(posts)
    assert bare.replaced == 13


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_permutes_and_never_gives_ones_own(posts, seed):
    found = apply_control(posts, control="shuffled", seed=seed)
    before, after = sources(posts)[:11], sources(found.samples)[:11]
    assert sorted(map(str, before)) == sorted(map(str, after))
    assert all(ours != theirs for ours, theirs in zip(before, after, strict=True))
    assert sources(found.samples)[11:] == sources(posts)[11:]
    assert (found.replaced, found.unusable, found.own) == (11, 2, 0)
    assert [sample.id for sample in found.samples] == [sample.id for sample in posts]


def test_shuffled_with_several_pictures_parts_posts_that_share_any():
    a, b, c, d, e, f = (picture(colour) for colour in range(6))
    posts = [post("1", a, b), post("2", b, c), post("3", d), post("4", e), post("5", f)]
    for seed in range(20):
        found = apply_control(posts, control="shuffled", seed=seed)
        assert found.own == 0
        for ours, theirs in zip(sources(posts), sources(found.samples), strict=True):
            assert set(ours).isdisjoint(theirs)


def test_shuffled_parts_posts_of_which_half_share_a_picture():
    posts = [post(str(n), picture(max(n, 4))) for n in range(11)]
    for seed in range(20):
        found = apply_control(posts, control="shuffled", seed=seed)
        assert all(a != b for a, b in zip(sources(posts), sources(found.samples), strict=True))


def test_shuffled_says_when_ones_own_is_unavoidable():
    only = [post("1", picture(1)), post("2", picture(1)), post("3", picture(2))]
    assert apply_control(only, control="shuffled").own == 1
    assert apply_control(only[:1], control="shuffled").own == 1
    assert apply_control([post("bare")], control="shuffled").own == 0


def test_shuffle_depends_on_the_seed_only(posts):
    first, again, other = (
        apply_control(posts, control="shuffled", seed=seed).samples for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("control", ["blank", "noise"])
def test_stand_ins_replace_usable_images_only(posts, control):
    found = apply_control(posts, control=control, seed=3)
    assert (found.replaced, found.unusable) == (11, 2)
    assert sources(found.samples)[11:] == sources(posts)[11:]
    assert found == apply_control(posts, control=control, seed=3)
    pixels = [np.asarray(Image.open(BytesIO(s.images[0].source))) for s in found.samples[:11]]
    if control == "blank":
        assert all((p == 255).all() for p in pixels)
    else:
        assert all(60 < p.std() < 90 for p in pixels)
        assert len({p.tobytes() for p in pixels}) > 1


def test_regions_keep_their_places(tmp_path):
    image = ImageInput(
        picture(1, size=(40, 20)),
        (Region(box=(10, 5, 20, 10), label="dog"), Region(crop=tmp_path / "crop.png")),
    )
    (sample,) = apply_control([Sample("1", ("a",), images=(image,))], control="noise").samples
    box, crop = sample.images[0].regions
    assert (box.box, box.label) == ((56.0, 56.0, 112.0, 112.0), "dog")
    assert (crop.box, crop.crop) == ((0.0, 0.0, 224.0, 224.0), None)


def test_table_compares_with_the_real_images():
    gold = ("B-PER", "O")
    real = [SamplePair(str(i), ("a", "b"), gold, gold, has_image=i > 0) for i in range(4)]
    none = [SamplePair(p.id, p.tokens, gold, ("O", "O"), has_image=False) for p in real]
    table = control_table({"none": none, "real": real}, rounds=100)
    assert [row[0] for row in table.rows] == ["real", "none"]
    assert table.rows[0][1:6] == (*[Percent(1.0)] * 4, None)
    assert table.rows[1][3] == Percent(0.0)
    assert table.rows[1][5] == Percent(-1.0, is_signed=True)
    assert table.rows[1][-1] == 4
    assert "4 posts, 3 with an image" in table.note
    with pytest.raises(ValueError, match="a run with real images"):
        control_table({"none": none})


def test_every_control_is_applied(posts):
    for control in CONTROLS:
        shown = apply_control(posts, control=control, context=["caption"])
        assert len(shown.samples) == len(posts)


def test_context_is_taken_or_exchanged_among_those_that_have_one():
    samples = [Sample(str(n), ("a",), context=(("caption", str(n)),)) for n in range(9)]
    samples[4] = Sample("4", ("a",))
    bare = apply_control(samples, control="no-context", context=["caption"])
    assert [sample.context for sample in bare.samples] == [()] * 9
    assert bare.replaced == 8
    for seed in range(5):
        other = apply_control(samples, control="shuffled-context", seed=seed, context=["caption"])
        assert sorted(s.context for s in other.samples) == sorted(s.context for s in samples)
        assert all(
            a.context != b.context for a, b in zip(samples, other.samples, strict=True) if a.context
        )
        assert (other.samples[4].context, other.own, other.replaced) == ((), 0, 8)
    alone = apply_control(samples[:1], control="shuffled-context", context=["caption"])
    assert alone.own == 1


def test_each_field_that_is_read_is_exchanged_among_its_own():
    knowledge = [{"knowledge": f"k{n // 2}"} if n < 6 else {} for n in range(60)]
    texts = [{"caption": f"c{n}", **own} for n, own in enumerate(knowledge)]
    samples = [Sample(str(n), ("a",), context=tuple(own.items())) for n, own in enumerate(texts)]
    for seed in range(5):
        found = apply_control(samples, control="shuffled-context", seed=seed, context=["knowledge"])
        shown = [dict(sample.context) for sample in found.samples]
        assert [own["caption"] for own in shown] == [own["caption"] for own in texts]
        assert ["knowledge" in own for own in shown] == [n < 6 for n in range(60)]
        assert all(shown[n]["knowledge"] != texts[n]["knowledge"] for n in range(6))
        assert (found.replaced, found.own) == (6, 0)
    bare = apply_control(samples, control="no-context", context=["knowledge"])
    assert all(dict(sample.context).keys() == {"caption"} for sample in bare.samples)


@pytest.mark.parametrize("control", ["no-context", "shuffled-context"])
def test_a_control_of_context_that_is_not_read_is_refused(control):
    with pytest.raises(ConfigError, match=f"--images {control}: the model reads no context"):
        apply_control([Sample("1", ("a",))], control=control)
