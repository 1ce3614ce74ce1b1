"""Predicted thresholds of one picture in a few words: the JSON line of the command line, a table."""

from collections.abc import Mapping
from dataclasses import asdict

from rich.table import Table

from calibration.stimuli.registry import DISTORTIONS
from predictor.thresholds.delivery import CodecSettings
from predictor.thresholds.model import PredictedThreshold

_FIELDS = ("level", "low", "high", "unit_value", "basis")


def as_record(
    thresholds: Mapping[str, PredictedThreshold], delivery: CodecSettings
) -> Mapping[str, Mapping[str, object]]:
    """Return what `--json` prints of one picture."""
    return {
        "distortions": {
            name: {field: getattr(found, field) for field in _FIELDS} for name, found in thresholds.items()
        },
        "delivery": asdict(delivery),
    }


def as_table(title: str, thresholds: Mapping[str, PredictedThreshold]) -> Table:
    """Return a table for a terminal."""
    table = Table(title=title)
    for heading in ("distortion", "noticed from, level", "95 %", "in its own unit", "model's own threshold"):
        table.add_column(heading)
    for name, found in thresholds.items():
        distortion = DISTORTIONS[name]
        is_beyond = found.level > distortion.levels
        table.add_row(
            distortion.label,
            f">{distortion.levels}" if is_beyond else f"{found.level:.3g}",
            f"{found.low:.3g} – {found.high:.3g}",
            "–" if is_beyond else f"{found.unit_value:.3g} ({distortion.unit})",
            found.basis,
        )
    return table


def describe_delivery(delivery: CodecSettings, noticed: float) -> str:
    """Say how the picture may be sent."""
    return (
        f"sent as JPEG {delivery.jpeg_quality}, WebP {delivery.webp_quality} or at {delivery.scale:.2f} of "
        f"its size, each alone, the loss is noticed with a chance of {noticed:g}, or more if none is better"
    )
