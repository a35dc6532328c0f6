import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gmf.core.errors import CacheError, ConfigError
from gmf.core.types import ImageInput, Region, Sample
from gmf.data.image_report import ImageReport
from gmf.data.images import UnusableImageError, read_source
from gmf.data.views import FetchedViews, View, collate_views
from gmf.testing import tiny_image_processor
from gmf.vision.cache import views as cached_views
from gmf.vision.cache.codecs import PaletteCodec, TensorCodec, codec_of
from gmf.vision.cache.identity import ContentKeys, preprocessing_digest
from gmf.vision.cache.manage import cache_info, clear_cache
from gmf.vision.cache.maps import EncodedViews, cached_maps
from gmf.vision.cache.pixels import cached_pixels
from gmf.vision.views import DirectViews


def fetch(source, views):
    """Return, for each view, its tensor or tensors, or its fault."""
    fetched = source.fetch(views)

    def outcome(position):
        if position in fetched.faults:
            return fetched.faults[position]
        content = fetched.content_of(position)
        return content if isinstance(content, tuple) else torch.from_numpy(content)

    return [outcome(position) for position in range(len(views))]


class CountingViews:
    """Counts what is computed."""

    def __init__(self, size=32):
        self.direct = DirectViews(tiny_image_processor(size))
        self.processor, self.seen = self.direct.processor, []

    def fetch(self, views):
        self.seen += views
        return self.direct.fetch(views)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "caches"


@pytest.fixture
def pictures(tmp_path):
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (50, 60, 3), np.uint8)).save(path)
    return [View(paths[0]), View(paths[0], (3, 4, 40, 30)), View(paths[1]), View(paths[2])]


def test_pixels_are_exact_and_computed_once(root, pictures):
    source = CountingViews()
    expected = fetch(source.direct, pictures)
    cache = cached_pixels(source, root=root)
    source.seen.clear()
    for _ in range(3):
        for got, wanted in zip(fetch(cache, pictures), expected, strict=True):
            assert got.dtype == torch.float32
            assert torch.equal(got, wanted)
    assert source.seen == pictures
    assert (cache.counts.misses, cache.counts.stored, cache.counts.hits) == (4, 4, 8)
    # one byte a value
    assert (cache.folder / "records.bin").stat().st_size == 4 * 3 * 32 * 32
    # another process
    source.seen.clear()
    again = cached_pixels(source, root=root)
    assert torch.equal(fetch(again, pictures)[1], expected[1])
    assert source.seen == []


def test_equal_pictures_are_kept_once(root, tmp_path, pictures):
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(pictures[0].source.read_bytes())
    cache = cached_pixels(CountingViews(), root=root)
    first, second, third = fetch(cache, [pictures[0], View(copy), View(copy.read_bytes())])
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    assert cache.counts.stored == 1


def test_changed_file_is_read_anew(root, pictures):
    source = CountingViews()
    cache = cached_pixels(source, root=root)
    path = pictures[0].source
    before = fetch(cache, [View(path)])[0]
    Image.new("RGB", (9, 9), "red").save(path)
    after = fetch(cache, [View(path)])[0]
    assert torch.equal(after, fetch(source.direct, [View(path)])[0])
    assert not torch.equal(before, after)


def test_other_preprocessing_is_another_cache(root, pictures):
    small, large = (cached_pixels(CountingViews(size), root=root) for size in (16, 32))
    assert fetch(small, pictures[:1])[0].shape == (3, 16, 16)
    assert fetch(large, pictures[:1])[0].shape == (3, 32, 32)
    other_mean = tiny_image_processor()
    other_mean.image_mean = [0.1, 0.2, 0.3]
    digests = {preprocessing_digest(p) for p in (tiny_image_processor(), other_mean)}
    assert len(digests) == 2


def test_faults_name_their_own_file_and_are_found_once(root, tmp_path):
    broken, copy = tmp_path / "broken.jpg", tmp_path / "copy.jpg"
    for path in (broken, copy):
        path.write_bytes(b"no image")
    source = CountingViews()
    cache = cached_pixels(source, root=root)
    source.seen.clear()
    for _ in range(2):
        faults = fetch(cache, [View(broken), View(copy), View(tmp_path / "absent.jpg")])
        assert all(isinstance(fault, UnusableImageError) for fault in faults)
        assert [fault.name for fault in faults] == [
            str(broken),
            str(copy),
            str(tmp_path / "absent.jpg"),
        ]
        assert [fault.kind.value for fault in faults] == ["not an image"] * 2 + ["absent"]
    assert source.seen == [View(broken)]


def test_processor_with_other_arithmetic_keeps_real_values(root, pictures):
    class Contrast(CountingViews):
        def fetch(self, views):
            fetched = super().fetch(views)
            pixels = torch.from_numpy(fetched.content)
            own = [view / (1 + view.abs().mean()) for view in pixels]
            return replace(fetched, content=torch.stack(own).numpy())

    source = Contrast()
    cache = cached_pixels(source, root=root)
    expected = fetch(source, pictures)
    for _ in range(2):
        for got, wanted in zip(fetch(cache, pictures), expected, strict=True):
            assert torch.equal(got, wanted)
    assert (cache.folder / "records.bin").stat().st_size == 4 * 4 * 3 * 32 * 32


@pytest.mark.parametrize("mean", [(0.5, 0.5, 0.5), (0.485, 0.456, 0.406), (0.1234567, 0.4, 0.4)])
def test_pixels_are_exact_whether_computed_or_looked_up(root, pictures, mean):
    source = CountingViews()
    source.processor.image_mean = mean
    cache = cached_pixels(source, root=root)
    cache.fetch(pictures)
    assert torch.equal(
        torch.stack(fetch(cache, pictures)), torch.stack(fetch(source.direct, pictures))
    )
    assert (cache.counts.hits, cache.counts.stored) == (4, 4)


def test_table_that_no_mean_and_deviation_give_is_looked_up():
    palette = torch.arange(256.0).square().repeat(3, 1) + torch.arange(3.0)[:, None]
    codec = PaletteCodec(palette, height=2, width=4)
    codes = torch.randint(0, 256, (5, 3, 8), dtype=torch.uint8)
    found = codec.decode([view.numpy().tobytes() for view in codes])
    for channel in range(3):
        expected = palette[channel][codes[:, channel].long()]
        assert torch.equal(torch.from_numpy(found)[:, channel].flatten(1), expected)


@pytest.mark.parametrize("kind", ["pixels", "maps"])
def test_cached_views_come_as_one_block_that_is_the_batchs_own_without_a_copy(root, pictures, kind):
    source = CountingViews()
    cache = maps_of(source, root) if kind == "maps" else cached_pixels(source, root=root)
    cache.fetch(pictures)
    blocks = []

    class Watched:
        def fetch(self, views):
            blocks.append(cache.fetch(views))
            return blocks[-1]

    def collated(*chosen, missing_image="mask"):
        images = [ImageInput(v.source, () if v.box is None else (Region(v.box),)) for v in chosen]
        return collate_views(
            [Sample(str(n), ("a",), images=(image,)) for n, image in enumerate(images)],
            source=Watched(),
            max_regions=3,
            missing_image=missing_image,
            report=ImageReport(),
        )

    for policy in ("mask", "blank"):
        fields = collated(*pictures[1:], missing_image=policy)
        for delivered, used in zip(
            *(c if kind == "maps" else (c,) for c in (blocks[-1].content, fields.content)),
            strict=True,
        ):
            delivered, used = torch.as_tensor(delivered), torch.as_tensor(used)
            assert used.data_ptr() == delivered.data_ptr()
            assert len(used) == 4
    expected = fetch(cache, pictures)
    for chosen in ([0, 1, 2, 3], [1, 2], [0, 2], [3, 2, 1, 0], [0, 0]):
        found = fetch(cache, [pictures[n] for n in chosen])
        for got, number in zip(found, chosen, strict=True):
            for one, other in zip(
                *(v if kind == "maps" else (v,) for v in (got, expected[number])), strict=True
            ):
                assert torch.equal(one, other)


def test_value_outside_the_palette_is_delivered_but_not_stored(root, pictures):
    source = CountingViews()
    cache = cached_pixels(source, root=root)
    odd = fetch(source.direct, pictures[:1])[0] + 1e-4
    source.fetch = lambda views: FetchedViews.of(odd[None].numpy(), faults={}, count=1)
    assert torch.equal(fetch(cache, pictures[:1])[0], odd)
    assert (cache.counts.stored, cache.counts.unstored) == (0, 1)


def encode(pixels):
    """Two stages of different size and type."""
    return (
        torch.nn.functional.avg_pool2d(pixels, 2) * 3,
        torch.nn.functional.avg_pool2d(pixels, 8).to(torch.bfloat16),
    )


def maps_of(source, root, kind="maps", digest="abc"):
    return cached_maps(
        source, encode=encode, encoder_digest=digest, preprocessing="p", kind=kind, root=root
    )


def test_full_maps_are_exact(root, pictures):
    source = CountingViews()
    cache = maps_of(source, root)
    expected = encode(torch.stack(fetch(source.direct, pictures)))
    for _ in range(2):
        found = fetch(cache, pictures)
        for row, maps in enumerate(found):
            assert [m.shape for m in maps] == [(3, 16, 16), (3, 4, 4)]
            assert all(
                torch.equal(m, stage[row]) and m.dtype == stage.dtype
                for m, stage in zip(maps, expected, strict=True)
            )
    assert cache.counts.hits == cache.counts.misses == 4


def test_pooled_maps_are_the_average_over_seven_by_seven(root, pictures):
    source = CountingViews()
    cache = maps_of(source, root, kind="pooled_maps")
    large, small = encode(torch.stack(fetch(source.direct, pictures)))
    for _ in range(2):
        maps = fetch(cache, pictures)[2]
        assert maps[0].shape == (3, 7, 7)
        # cells of adaptive pooling: rows floor(16 i / 7) to ceil(16 (i + 1) / 7)
        torch.testing.assert_close(maps[0][:, 1, 6], large[2, :, 2:5, 13:16].mean((1, 2)))
        assert torch.equal(maps[1], small[2])
    assert cache.folder != maps_of(source, root).folder


def test_other_encoder_is_another_cache(root, pictures):
    source = CountingViews()
    maps_of(source, root).fetch(pictures)
    other = maps_of(source, root, digest="other")
    other.fetch(pictures)
    assert other.counts.hits == 0


def test_maps_that_do_not_fit_their_digest_are_an_error(root, pictures):
    source = CountingViews()
    maps_of(source, root)
    wrong = cached_maps(
        source, encode=lambda x: (x,), encoder_digest="abc", preprocessing="p", root=root
    )
    with pytest.raises(CacheError, match=r"as in the cache, got.*digest of encoder"):
        wrong.fetch(pictures)


def test_encoder_runs_in_batches_and_leaves_faults_out(pictures, tmp_path):
    sizes = []

    def counting(pixels):
        sizes.append(len(pixels))
        return encode(pixels)

    views = [*pictures[:2], View(tmp_path / "absent.png"), *pictures[2:]]
    found = fetch(EncodedViews(CountingViews(), encode=counting, batch_size=3), views)
    assert sizes == [3, 1]
    assert [isinstance(item, tuple) for item in found] == [True, True, False, True, True]


def test_plan_counts_what_is_missing_and_checks_the_disk(root, pictures, monkeypatch, tmp_path):
    cache = cached_pixels(CountingViews(), root=root)
    cache.fetch(pictures[:1])
    plan = cache.plan([*pictures, *pictures, View(tmp_path / "absent.png")])
    assert (plan.views, plan.unreadable, len(plan.missing)) == (4, 1, 3)
    assert plan.needed_bytes == 3 * 3072
    plan.check()
    free = cached_views.KEEP_FREE_BYTES + 3 * 3072 - 1
    monkeypatch.setattr(cached_views.CachedViews, "_free_bytes", lambda self: free)
    with pytest.raises(CacheError, match=r"needs 0.00 GB for 3 views.*gmf cache clear.*none"):
        list(cache.fill(cache.plan(pictures)))
    assert cache.counts.stored == 1
    # training goes on without the cache when the disk has become full meanwhile
    monkeypatch.setattr(cached_views.CachedViews, "_free_bytes", lambda self: 0)
    assert isinstance(fetch(cache, pictures)[3], torch.Tensor)
    assert (cache.counts.stored, cache.counts.unstored) == (1, 3)


def test_fill_tells_its_progress(root, pictures):
    source = CountingViews()
    cache = cached_pixels(source, root=root)
    plan = cache.plan([*pictures, *pictures])
    assert list(cache.fill(plan, batch_size=3)) == [3, 4]
    source.seen.clear()
    cache.fetch(pictures)
    assert source.seen == []


def test_failing_disk_is_an_error(root, pictures, monkeypatch):
    cache = cached_pixels(CountingViews(), root=root)

    def fail(records):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache._store, "put", fail)
    with pytest.raises(CacheError, match=r"cannot be written: .*No space left"):
        cache.fetch(pictures)


def test_info_and_clear(root, pictures):
    assert cache_info(root) == []
    source = CountingViews()
    pixels = cached_pixels(source, root=root)
    maps_of(source, root)
    pixels.fetch(pictures)
    by_kind = {info.kind: info for info in cache_info(root)}
    assert by_kind["pixels"].views == 4
    assert by_kind["pixels"].size_bytes > 4 * 3072
    assert by_kind["maps"].identity["encoder"] == "abc"
    assert (by_kind["maps"].views, by_kind["maps"].written) == (0, None)
    (pixels.folder / "meta.json").write_text("{")
    assert {info.kind for info in cache_info(root)} == {"damaged", "maps"}
    with pytest.raises(CacheError, match=r"meta.json: damaged.*gmf cache clear"):
        cached_pixels(source, root=root)
    assert [info.kind for info in clear_cache(kinds={"damaged"}, root=root)] == ["damaged"]
    assert [info.kind for info in cache_info(root)] == ["maps"]
    clear_cache(root=root)
    assert cache_info(root) == []
    # one that is in use goes on, and is described again
    pixels.fetch([View(pictures[0].source, (0, 0, 5, 5))])
    assert [info.views for info in cache_info(root)] == [1]


def test_a_damaged_cache_is_told(root, pictures):
    cache = cached_pixels(CountingViews(), root=root)
    cache.fetch(pictures)
    records, meta = cache.folder / "records.bin", cache.folder / "meta.json"
    for size in (3072, 0):
        os.truncate(records, size)
        with pytest.raises(CacheError, match=r"records.bin: is cut short; run `gmf cache clear`"):
            cached_pixels(CountingViews(), root=root).fetch(pictures[::-1])
    whole = json.loads(meta.read_text())
    for content in ([], {}, {**whole, "record_bytes": 5}, {**whole, "codec": None}):
        meta.write_text(json.dumps(content))
        with pytest.raises(CacheError, match=r"meta.json: damaged .*; run `gmf cache clear`"):
            cached_pixels(CountingViews(), root=root)


def test_only_kinds_that_there_are_can_be_cleared(root, pictures):
    cached_pixels(CountingViews(), root=root).fetch(pictures)
    with pytest.raises(ConfigError, match=r"kind 'pixel': .* did you mean 'pixels'"):
        clear_cache(kinds=["pixel"], root=root)
    assert len(cache_info(root)) == 1


def test_keys_are_those_of_the_content(tmp_path, pictures):
    def content_key(view):
        digest = hashlib.sha256(read_source(view.source))
        digest.update(repr(view.box).encode())
        return digest.hexdigest()

    keys = ContentKeys()
    for view in [*pictures, View(pictures[0].source.read_bytes()), *pictures]:
        assert keys.key_of(view).hex() == content_key(view)
    path = pictures[0].source
    state = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert keys.key_of(pictures[0]).hex() == content_key(pictures[0])


def test_codecs_are_rebuilt_from_their_description():
    palette = torch.linspace(-1, 1, 256).repeat(3, 1)
    first = codec_of(json.loads(json.dumps(PaletteCodec(palette, height=4, width=5).describe())))
    pixels = palette[0][torch.randint(0, 256, (3, 4, 5))]
    assert torch.equal(torch.from_numpy(first.decode([first.encode(pixels.numpy())])[0]), pixels)
    maps = (torch.randn(2, 3).to(torch.bfloat16), torch.randn(5))
    second = codec_of(json.loads(json.dumps(TensorCodec.of(maps).describe())))
    assert second.record_bytes == 128
    for got, wanted in zip(second.decode([second.encode(maps)]), maps, strict=True):
        assert torch.equal(got[0], wanted)
    with pytest.raises(CacheError, match="description is damaged"):
        codec_of({"codec": "other"})
