"""What processes exchange, with one process that plays two."""

import torch

from gmf.testing import tiny_batch
from gmf.training import exchange


def test_a_view_weighs_the_less_the_more_processes_show_it(monkeypatch):
    batch = tiny_batch()
    assert exchange.weigh_views(batch) is batch
    gathered = []

    def gather(rows):
        gathered.append(rows)
        return torch.cat([rows, torch.tensor([[7], [9], [7]])])

    monkeypatch.setattr(exchange, "has_peers", lambda: True)
    monkeypatch.setattr(exchange, "gather_rows", gather)
    keys = torch.tensor([7, 8, 9])
    weighed = exchange.weigh_views(type(batch)(**{**vars(batch), "view_keys": keys}))
    torch.testing.assert_close(weighed.view_weights, torch.tensor([1 / 3, 1.0, 1 / 2]))
    # A process without views takes part, for others wait for it.
    bare = exchange.weigh_views(batch.without_images())
    assert bare.view_weights is None
    assert [len(rows) for rows in gathered] == [3, 0]
    assert gathered[1].dtype == torch.long
