"""Tell pictures that are one pattern throughout, or a photograph of a screen's stripes.

Stripes, checks, grids and moiré have nothing flat, so a detector of noise was never taught what is ordinary
in them. Their spectrum is a few peaks; that of noise, however strong, is none. Limits were set on photographs
for development and on patterns made for it.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image

_Levels = npt.NDArray[np.float32]

_TREND = 16.0  # pixels, sigma: what is broader is shading
# Side of a place, peaks, share of the energy that they hold, standard deviation in grey levels. Nothing
# within 8 levels reaches such contrast, so no hidden edit makes a pattern of a picture. The second is for
# patterns whose pitch changes from place to place.
_LOOKS = ((256, 132, 0.9, 8.0), (32, 8, 0.6, 40.0))
_PLACES = 5  # in either direction
_EXCEPTED = 0.04  # of the places: edges of the pattern
_STRIPES, _STRIPED_SHARE, _FINE = 24, 0.55, 4.0  # peaks, share, sigma in pixels
_IN_STEP = 0.15  # mean correlation of the channels: the stripes of a screen's colours stand side by side


def is_pattern(image: Image) -> bool:
    """Tell whether a few waves are nearly all there is to see, wherever one looks."""
    grey = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _TREND)
    return any(_is_pattern(detail, *look) for look in _LOOKS)


def has_stripes_of_a_screen(tiles: npt.NDArray[np.uint8]) -> bool:
    """Tell whether tiles (n, S, S, 3) show the red, green and blue stripes of a display, side by side."""
    shares, steps = zip(*map(_stripes, tiles.astype(np.float32)), strict=True)
    return bool(np.median(shares) >= _STRIPED_SHARE and np.median(steps) <= _IN_STEP)


def _is_pattern(detail: _Levels, side: int, peaks: int, share: float, contrast: float) -> bool:
    height, width = (min(side, length) for length in detail.shape)
    tops = np.linspace(0, detail.shape[0] - height, _PLACES).astype(int)
    lefts = np.linspace(0, detail.shape[1] - width, _PLACES).astype(int)
    places = [detail[top : top + height, left : left + width] for top in tops for left in lefts]
    if np.median([place.std() for place in places]) < contrast:
        return False
    shares: list[float] = []
    for found in (_share(place, peaks) for place in places):
        shares.append(found)
        if sum(each < share for each in shares) > _EXCEPTED * len(places):  # most pictures end here
            return False
    return float(np.quantile(shares, _EXCEPTED)) >= share


def _stripes(tile: _Levels) -> tuple[float, float]:
    channels = [channel - cv2.GaussianBlur(channel, (0, 0), _FINE) for channel in cv2.split(tile)]
    if min(channel.std() for channel in channels) == 0.0:
        return 0.0, 1.0
    correlation = np.corrcoef([channel.ravel() for channel in channels])
    step = float(correlation[np.triu_indices(3, 1)].mean())
    return max(_share(channel, _STRIPES) for channel in channels), step


def _share(place: _Levels, peaks: int) -> float:
    """Return the share of a place's energy, 0 to 1, in its strongest frequencies."""
    window = np.outer(np.hanning(place.shape[0]), np.hanning(place.shape[1]))
    energy = np.square(np.abs(np.fft.rfft2(place * window))).ravel()
    peaks = min(peaks, energy.size - 1)
    return float(np.partition(energy, -peaks)[-peaks:].sum() / max(float(energy.sum()), 1e-9))
