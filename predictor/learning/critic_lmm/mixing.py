"""Put pictures together of views of several photographs: their score is what is expected of what is seen.

A thousand photographs are few to learn a score from; mixtures never run out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from predictor.learning.critic_lmm.pictures import Pictures

_FOREIGN = 0.3  # of the pieces: out of another photograph than the whole


@dataclass(frozen=True, eq=False)
class Mixtures:
    """Pictures that nobody took, with their scores."""

    features: npt.NDArray[np.float16]  # (N, V, 9, F)
    mos: npt.NDArray[np.float32]  # (N,) 0 to 100


def mix(pictures: Pictures, count: int, rng: np.random.Generator) -> Mixtures:
    """Take the whole of one photograph and pieces of its versions, some of other photographs."""
    seen = pictures.photographs.features
    versions = np.asarray(pictures.untouched)  # (P, U)
    photographs, per = versions.shape
    chosen = rng.integers(photographs, size=count)
    mixed = seen[versions[chosen, rng.integers(per, size=count)]]
    for view in range(1, seen.shape[1]):
        is_foreign = rng.random(count) < _FOREIGN
        owners = np.where(is_foreign, rng.integers(photographs, size=count), chosen)
        pieces = rng.integers(1, seen.shape[1], size=count)
        mixed[:, view] = seen[versions[owners, rng.integers(per, size=count)], pieces]
    mos = pictures.expected.of(torch.from_numpy(mixed).float()).numpy()
    return Mixtures(mixed, mos)
