"""Size differences in a model's JNDs, before anything is said of its answers.

By the view in which each is largest, as serving takes it. Training half.
"""

import numpy as np
import torch

from calibration.profile import JndProfile
from predictor.learning.dataset import AnsweredPairs, shifts_of
from predictor.learning.noticeability.batches import measure_views
from predictor.learning.noticeability.settling import Answered
from predictor.noticeability.model import link_of, log_thresholds
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.settings import Settings

SMALLEST = -12.0  # ln of a size in JNDs: stands in for -inf where gradients pass


def size_pairs(
    network: JndNetwork, pairs: AnsweredPairs, profile: JndProfile, settings: Settings
) -> Answered:
    """Size pairs by their largest view, as served, beside the answers of the model whose profile it is."""
    link = link_of(profile)
    if not len(pairs):
        return Answered(np.zeros(0), np.zeros(0), link, np.zeros((0, len(settings.families))), pairs.photos)
    thresholds = torch.tensor(log_thresholds(profile, settings)) + torch.from_numpy(
        shifts_of(pairs.shifts, settings.families)
    )
    with torch.inference_mode():
        found = [network.eval()(view, thresholds) for view in measure_views(pairs, profile)]
        sizes = torch.stack([view.log_size for view in found])  # (views, N)
        shares = torch.stack([torch.softmax(view.family_logits, dim=1) for view in found])
    largest = sizes.argmax(dim=0)
    return Answered(
        np.asarray(sizes.amax(dim=0).clamp(min=SMALLEST).numpy(), dtype=np.float64),
        pairs.probabilities.astype(np.float64),
        link,
        np.asarray(shares[largest, torch.arange(len(pairs))].numpy(), dtype=np.float64),
        pairs.photos,
    )
