"""Run by `rival_metrics.py` in an environment of its own: piq's FSIM and HaarPSI, and SSIMULACRA2.

Imports nothing of this project. Reads pairs from one .npz file, writes scores into another; greater is more
alike.
"""

import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from ssimulacra2 import compute_ssimulacra2


class _Anything(types.ModuleType):
    """Stands in for torchvision, which piq imports for metrics that are not asked for here."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {}) if name[0].isupper() else _Anything(name)

    def __call__(self, *_arguments, **_options):
        return self


for _name in ("torchvision", "torchvision.models", "torchvision.transforms", "torchvision.ops"):
    sys.modules[_name] = _Anything(_name)

from piq import fsim, haarpsi  # noqa: E402 - needs the stand-in


def by_batches(references, distorted, metric):
    """Apply a metric of float pictures (N, 3, H, W) to uint8 ones (N, H, W, 3)."""
    found = []
    for start in range(0, len(references), 32):
        first, second = (
            torch.from_numpy(pixels[start : start + 32]).permute(0, 3, 1, 2).float() / 255
            for pixels in (references, distorted)
        )
        found.append(metric(first, second))
    return torch.cat(found).numpy()


def doubled(pictures):
    """Double both sides."""
    return torch.nn.functional.interpolate(pictures, scale_factor=2, mode="bicubic").clamp(0, 1)


def by_files(references, distorted):
    """SSIMULACRA2 reads files."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("reference.png", "distorted.png")]
        for pair in zip(references, distorted, strict=True):
            for pixels, path in zip(pair, paths, strict=True):
                Image.fromarray(pixels).save(path)
            found.append(float(compute_ssimulacra2(*paths)))
    return np.array(found)


def answer():
    """Answer the job."""
    torch.set_num_threads(1)
    with np.load(sys.argv[1], allow_pickle=False) as stored:
        references, distorted = stored["references"], stored["distorted"]
    slow = int(sys.argv[3])
    metrics = {
        "fsim": lambda a, b: fsim(a, b, reduction="none"),
        "fsim doubled": lambda a, b: fsim(doubled(a), doubled(b), reduction="none"),
        "haarpsi": lambda a, b: haarpsi(a, b, reduction="none"),
        "haarpsi doubled": lambda a, b: haarpsi(doubled(a), doubled(b), reduction="none"),
    }
    scores = {name: by_batches(references, distorted, metric) for name, metric in metrics.items()}
    scores["ssimulacra2"] = by_files(references[:slow], distorted[:slow])
    np.savez(sys.argv[2], **scores)


if __name__ == "__main__":
    answer()
