"""A batch of views in parts, so that the activations of large maps stay in a processor's cache."""

import torch
from jaxtyping import Float
from torch import Tensor

#: Views that are computed at once on a CPU; the activations of more leave its cache.
VIEWS_AT_ONCE = 4


def split_views(views: Float[Tensor, "views ..."]) -> tuple[Float[Tensor, "part ..."], ...]:
    """Return the views in parts of at most ``VIEWS_AT_ONCE`` on a CPU, in one part elsewhere.

    Under autocast, where activations take half the space, parts hold twice as many.
    """
    if views.device.type != "cpu":
        return (views,)
    return views.split(VIEWS_AT_ONCE * (2 if torch.is_autocast_enabled("cpu") else 1))
