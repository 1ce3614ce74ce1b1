"""Real photographs for the demo, and what is done to them: a hidden edit, a camera's twelve megapixels.

The photographs are those that scikit-image and scikit-learn carry along; they are read as files, so neither
library is loaded. Knows nothing of servers or verdicts.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from calibration.image import Image, encode_jpeg, resize

_SHELVES = {"skimage": "data", "sklearn": "datasets/images"}
_CAMERA_WIDTH = 4256  # pixels: 12 megapixels at 3:2
_CAMERA_QUALITY = 95
_GRAIN = 2.0  # grey levels


def bundled_photograph(package: str, name: str) -> Path:
    """Return the path of a photograph that ships inside `skimage` or `sklearn`.

    Raises:
        FileNotFoundError: The library is not installed, or has no such picture.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"expected the library {package}: install the extra `local`")
    path = Path(spec.submodule_search_locations[0]) / _SHELVES[package] / name
    if not path.is_file():
        raise FileNotFoundError(f"expected {package} to carry the photograph {name}")
    return path


def edit_locally(image: Image, *, strength: float, center: tuple[float, float], radius: float) -> Image:
    """Warm one soft-edged spot by `strength` grey levels.

    Args:
        image: Any picture.
        strength: Largest change of a pixel, grey levels.
        center: Of the spot, as (x, y) in shares of width and height.
        radius: Of the spot, as a share of the shorter side.
    """
    rows, columns = np.mgrid[0 : image.height, 0 : image.width]
    x, y = center[0] * image.width, center[1] * image.height
    reach = radius * min(image.width, image.height)
    weight = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2.0 * reach**2))[..., None]
    warmth = strength * np.array([1.0, 0.25, -1.0])
    return Image(np.clip(np.rint(image.pixels + weight * warmth), 0, 255).astype(np.uint8))


def camera_jpeg(image: Image, rng: np.random.Generator) -> bytes:
    """Enlarge to camera size, add sensor grain, and write what a camera writes: a heavy, careful JPEG."""
    height = round(image.height * _CAMERA_WIDTH / image.width)
    large = resize(image, _CAMERA_WIDTH, height, "lanczos").pixels
    grainy = np.empty_like(large)
    for top in range(0, height, 256):
        block = large[top : top + 256].astype(np.float32)
        grain = _GRAIN * rng.standard_normal(block.shape, dtype=np.float32)
        grainy[top : top + 256] = np.clip(np.rint(block + grain), 0, 255)
    return encode_jpeg(Image(grainy), _CAMERA_QUALITY, progressive=False)
