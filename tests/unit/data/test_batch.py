from dataclasses import replace

import pytest
import torch

from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.testing import tiny_batch, tiny_tagger


def test_on_the_cpu_a_batch_is_its_own_host():
    batch = tiny_batch()
    assert batch.to("cpu").host.view_index is batch.view_index
    assert batch.host is batch


def test_a_moved_batch_still_knows_its_indices_and_masks():
    batch = tiny_batch()
    moved = batch.to("meta")
    assert moved.views.device.type == moved.view_index.device.type == "meta"
    host = moved.host
    assert host.views is None
    for name in ("word_mask", "view_index", "labels", "view_is_blank", "first_subword"):
        assert torch.equal(getattr(host, name), getattr(batch, name)), name
    assert torch.equal(host.text_inputs["attention_mask"], batch.text_inputs["attention_mask"])
    again = moved.to("meta").host
    assert torch.equal(again.view_index, batch.view_index)


def test_a_collated_batch_is_moved_from_its_arrays():
    samples = [Sample("a", ("Oslo", "is"), ("B-LOC", "O"))]
    collated = tiny_tagger("bert-crf").collator()(samples)
    assert torch.equal(collated.to("meta").host.word_mask, torch.from_numpy(collated.word_mask))


def test_what_was_replaced_after_the_move_is_read_from_the_device():
    moved = tiny_batch().to("meta")
    changed = replace(moved, word_mask=moved.word_mask & False)
    with pytest.raises(NotImplementedError, match="meta"):
        _ = changed.host
    # A batch without images has none on the host either.
    assert isinstance(moved.host, Batch)
    assert moved.host.view_index.shape[1]
    with pytest.raises(NotImplementedError, match="meta"):
        _ = moved.without_images().host
