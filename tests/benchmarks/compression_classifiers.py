"""Answers of classifiers to what the faithful tier sends, on many photographs."""

from compression_answers import NEVER_USED, Tally, say
from compression_bench import Bench, Found
from compression_pictures import megapixels, small_photographs
from compression_sending import CLAUDE
from compression_watch import Watch

PART = "answers"
_NOISE_EVERY = 5  # photographs; what harmless handling does needs no more
_OUT_OF = 300


def measure(bench: Bench) -> Found:
    """Send photographs with the default profile."""
    pictures = small_photographs(bench.count(full=100, quick=4)) + megapixels(bench.count(full=10, quick=1))
    faithful = bench.sender("faithful")
    watch = Watch(bench.panel, bench.rules)
    for index, picture in enumerate(pictures):
        sent = bench.send(PART, faithful, picture, CLAUDE)
        watch.see("faithful, claude", picture, sent, CLAUDE)
        if index % _NOISE_EVERY == 0:
            watch.see_noise("claude", picture, CLAUDE)
        if index % 10 == 0:
            say(f"answers: {index + 1} of {len(pictures)}")
    return Found(_figures(watch), watch.rows())


def _figures(watch: Watch) -> dict[str, float]:
    faithful = _worst_rate(watch.tallies["faithful, claude"])
    return {
        "answers_faithful_confident_rate": faithful,
        "answers_faithful_changed_per_300": round(faithful * _OUT_OF, 2),
        "answers_faithful_never_used_rate": watch.tallies["faithful, claude"].changes(NEVER_USED)["rate"],
    }


def _worst_rate(tally: Tally) -> float:
    return max(tally.changes(name)["rate"] for name in tally.compared[0])
