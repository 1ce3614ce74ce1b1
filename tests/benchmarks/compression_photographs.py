"""Photographs of usual size under the default profile: what is saved, how it looks, how long it takes."""

import csv

import numpy as np
from compression_answers import say
from compression_bench import Bench, Found, mean, median
from compression_pictures import DATA, Picture, megapixels, small_photographs
from compression_sending import AS_SENT, CLAUDE, Sent, cached_ms, scorable, shown
from compression_ssimulacra2 import Reference, largest_error
from compression_watch import Watch

from calibration.image import Image, encode_png_fast, load

PART = "photographs"
EFFORTS = ("fast", "normal")


def measure(bench: Bench) -> Found:
    """Send photographs to Claude, and to a server of which only the format it was sent is known."""
    sender = bench.sender()
    watch = Watch(bench.panel, bench.rules)
    saved, only_jpeg, scores, errors = [], [], [], []
    pictures = small_photographs(bench.count(full=48, quick=6)) + megapixels(bench.count(full=6, quick=1))
    for index, picture in enumerate(pictures):
        sent = bench.send(PART, sender, picture, CLAUDE)
        as_jpeg = bench.send(PART, sender, picture, AS_SENT)
        original, version = views(bench, picture, sent)
        saved.append(sent.saved)
        only_jpeg.append(as_jpeg.saved)
        scores.append(Reference(original).score(version))
        if index == 0:
            errors.append(largest_error([(original, version)]))
        if index % 3 == 0:
            watch.see("claude", picture, sent, CLAUDE)
            watch.see("only jpeg", picture, as_jpeg, AS_SENT)
            watch.see_noise("claude", picture, CLAUDE)
        if index % 10 == 0:
            say(f"photographs: {index + 1} of {len(pictures)}")
    figures = {
        "photographs_saved": mean(saved),
        "photographs_saved_jpeg_only": mean(only_jpeg),
        "photographs_ssimulacra2_5th_percentile": round(float(np.percentile(scores, 5)), 2),
        "photographs_ssimulacra2_median": median(scores),
        "photographs_ssimulacra2_error_of_the_fast_scorer": round(max(errors), 6),
    }
    return Found(figures | konjnd(bench) | milliseconds(bench), watch.rows())


def views(bench: Bench, picture: Picture, sent: Sent) -> tuple[Image, Image]:
    """Return the original and what was sent as Claude is shown them, at one size."""
    original = shown(picture.decoded.image, CLAUDE, bench.rules)
    return original, scorable(shown(sent.image, CLAUDE, bench.rules), original)


def konjnd(bench: Bench) -> dict[str, float]:
    """Count outputs at or above the careful end of people's range, all judged by SSIMULACRA2.

    The careful end is the least damage at which a careful person's JND was accepted; its picture is stored.
    """
    folder = DATA / "photos" / "konjnd"
    sender = bench.sender()
    careful = 0
    with (folder / "human_jnd.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        image = load(folder / row["reference"])
        end = load(folder / f"{row['stem']}_{int(row['level_hi']):03d}.jpg")
        sent = bench.send("konjnd", sender, Picture(row["stem"], encode_png_fast(image)), CLAUDE)
        reference = Reference(image)
        careful += reference.score(scorable(sent.image, image)) >= reference.score(end)
    return {"photographs_konjnd_careful": float(careful), "photographs_konjnd_pictures": float(len(rows))}


def milliseconds(bench: Bench) -> dict[str, float]:
    """Time one megapixel by effort, and once more from memory."""
    pictures = megapixels(bench.count(full=8, quick=2))
    found = {}
    for effort in EFFORTS:
        sender = bench.sender(effort=effort)
        sender.send(pictures[0], CLAUDE)  # the first use is slower
        found[f"photographs_ms_{effort}"] = median(
            [sender.send(one, CLAUDE).milliseconds for one in pictures]
        )
    found["photographs_ms_cached"] = cached_ms(bench.predictor, pictures[0], CLAUDE)
    return found
