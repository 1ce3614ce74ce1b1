"""Bytes against how far answers move, for ours and for every rival: at equal mean KL, who sends fewer bytes?

A rival's knob is chosen on half of the pictures, by the observers that are used: where its mean KL is ours.
Bytes are compared on the other half. Twice: with the default profile, observers looking at the whole picture
and at crops of it, and with the profile of an observer whose input is known, which sees the picture reduced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from compression_answers import NEVER_USED, Tally, read_panel, say
from compression_bench import Bench, Found
from compression_drawing import draw
from compression_pictures import Picture, megapixels, small_photographs
from compression_rivals import Rival, rivals
from compression_sending import CLAUDE, Sender
from compression_watch import Watch

from calibration.profile import JndProfile, default_profile

PART = "curves"
OURS = "ours"
LIMITS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.7)  # of P(notice), our knob
SHIPPED = LIMITS.index(0.05)
KNOWN_SIDE = 224  # pixels, what the two larger observers shrink a picture to
RIVALS = ("jpeg", "webp", "squeezer", "512", "ssimulacra2")
_LEAST_KL = 1e-7


@dataclass(frozen=True, eq=False)
class Curve:
    """One way of delivering: (knobs,) tallies, the gentlest setting first."""

    tallies: Sequence[Tally]

    def shares(self, half: int) -> np.ndarray:
        """Mean share of the bytes that is left, by knob, over every other picture from `half` on."""
        return np.array([1.0 - np.mean(tally.saved[half::2]) for tally in self.tallies])

    def divergence(self, half: int, *, of_never_used: bool) -> np.ndarray:
        """Mean KL by knob, over the same pictures."""
        return np.array([
            np.mean([one.divergence.mean() for each in tally.compared[half::2]
                     for name, one in each.items() if of_never_used or name != NEVER_USED])
            for tally in self.tallies
        ])  # fmt: skip

    def row(self, knob: int) -> dict[str, object]:
        """Sum up one setting on the tested half."""
        tally = self.tallies[knob]
        return Tally(tally.saved[1::2], tally.tokens_saved[1::2], tally.compared[1::2]).row()


@dataclass(frozen=True)
class Setting:
    """Under which profile pictures are compressed, and who looks."""

    title: str
    senders: Sequence[Sender]  # ours, by knob
    watch: Watch


def measure(bench: Bench) -> Found:
    """Draw both charts and compare."""
    pictures = small_photographs(bench.count(full=13, quick=4)) + megapixels(bench.count(full=3, quick=0))
    positions = (0.5,) if bench.is_quick else (0.0, 1.0)
    settings = {
        "default": _setting(bench, "default profile; whole pictures and crops", None, positions),
        "known": _setting(
            bench, "input known; whole pictures", replace(default_profile(), input_side=KNOWN_SIDE), ()
        ),
    }
    names = _deliver(bench, pictures, list(settings.values()))
    figures: dict[str, float] = {}
    rows: dict[str, object] = {}
    for name, setting in settings.items():
        curves = {
            one: Curve([setting.watch.tallies[f"{one} {knob}"] for knob in range(count)])
            for one, count in names.items()
        }
        found, rows[name] = _compared(curves)
        figures |= {f"curves_{name}_bytes_to_{rival}": ratio for rival, ratio in found.items()}
        draw(bench.out / f"curves_{name}.png", f"{setting.title}; {len(pictures) // 2} photographs", {
            one: (curve.shares(1), curve.divergence(1, of_never_used=True)) for one, curve in curves.items()
        })  # fmt: skip
    return Found(figures, rows)


def _setting(bench: Bench, title: str, profile: JndProfile | None, positions: tuple[float, ...]) -> Setting:
    senders = [bench.sender(max_probability=limit, profile=profile) for limit in LIMITS]
    return Setting(title, senders, Watch(read_panel(positions=positions), bench.rules))


def _deliver(bench: Bench, pictures: Sequence[Picture], settings: Sequence[Setting]) -> dict[str, int]:
    """Deliver every picture every way; return how many knobs each way has."""
    with rivals(bench.rules) as others:
        for index, picture in enumerate(pictures):
            for setting in settings:
                for knob, sender in enumerate(setting.senders):
                    sent = bench.send(PART, sender, picture, CLAUDE)
                    setting.watch.see(f"{OURS} {knob}", picture, sent, CLAUDE)
            for name, rival in others.items():
                _deliver_rival(name, rival, picture, settings)
            say(f"curves: {index + 1} of {len(pictures)}")
        return {OURS: len(LIMITS)} | {name: len(rival.knobs) for name, rival in others.items()}


def _deliver_rival(name: str, rival: Rival, picture: Picture, settings: Sequence[Setting]) -> None:
    for knob, value in enumerate(rival.knobs):
        found = rival.deliver(picture, value)
        saved = 1.0 - found.size_bytes / len(picture.data)
        for setting in settings:
            setting.watch.see_image(f"{name} {knob}", picture, found.image, CLAUDE, saved=saved)


def _compared(curves: Mapping[str, Curve]) -> tuple[dict[str, float], dict[str, object]]:
    """Hold ours against every rival, those that are not there too; return ratios of bytes, and rows."""
    ratios: dict[str, float] = {}
    rows: dict[str, object] = {OURS: curves[OURS].row(SHIPPED)}
    for name in RIVALS:
        if name not in curves:
            ratios[name], rows[name] = float("nan"), "missing: `tools/set_up.sh compressor` says why"
            continue
        found = at_equal_divergence(curves[OURS], curves[name])
        ratios[name] = found["bytes_ratio"]
        rows[name] = {**found, **curves[name].row(round(found["knob"]))}
    return ratios, rows


def at_equal_divergence(ours: Curve, rival: Curve) -> Mapping[str, float]:
    """Choose knobs on one half where the mean KL is that of ours as shipped; compare bytes on the other.

    A rival that never comes as near to the original, or never goes as far, is met where it ends, by the knob
    of ours that moves answers as much; `is_as_shipped` is then 0.
    """
    reached = _rising(ours.divergence(0, of_never_used=False))
    theirs = _rising(rival.divergence(0, of_never_used=False))
    wanted = float(np.clip(reached[SHIPPED], theirs[0], theirs[-1]))
    knobs = {OURS: _position(reached, wanted), "": _position(theirs, wanted)}
    found: dict[str, float] = {"is_as_shipped": float(wanted == reached[SHIPPED])}
    for name, curve in ((OURS, ours), ("", rival)):
        of = f" of {name}" if name else ""
        left, divergence = np.log(curve.shares(1)), curve.divergence(1, of_never_used=True)
        found[f"knob{of}"] = round(knobs[name], 2)
        found[f"bytes_left{of}"] = round(float(np.exp(_between(knobs[name], left))), 4)
        found[f"tested_kl{of}"] = round(_between(knobs[name], divergence), 5)
    return found | {
        "bytes_ratio": round(found["bytes_left of ours"] / found["bytes_left"], 4),
        "bytes_ratio_at_tested_kl": _ratio_at(found["tested_kl"], ours, rival),
    }


def _ratio_at(wanted: float, ours: Curve, rival: Curve) -> float:
    """Compare bytes where both have this KL on the tested half itself: the halves seldom agree on KL."""
    left = [
        _between(_position(_rising(curve.divergence(1, of_never_used=True)), wanted), np.log(curve.shares(1)))
        for curve in (ours, rival)
    ]
    return round(float(np.exp(left[0] - left[1])), 4)


def _rising(divergence: np.ndarray) -> np.ndarray:
    """Let KL rise along the knob, if only by a hair: between equal values no knob could be told."""
    ramp = 1.0 + 1e-9 * np.arange(len(divergence))
    return np.maximum.accumulate(np.maximum(divergence, _LEAST_KL)) * ramp


def _position(reached: np.ndarray, wanted: float) -> float:
    return float(
        np.interp(np.log(max(_LEAST_KL, wanted)), np.log(reached), np.arange(len(reached), dtype=float))
    )


def _between(knob: float, values: np.ndarray) -> float:
    return float(np.interp(knob, np.arange(len(values), dtype=float), values))
