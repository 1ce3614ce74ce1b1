"""Does the predictor know what an observer notices that it never met, from that observer's profile alone?

Observers of other tastes, trained by `python -m calibration.observers.embedded.training --taste ...` (see
taste.py beside it) and calibrated on training photographs with `jnd-calibrate run`; `--reduced` asks the
embedded model itself through a smaller input instead. Photographs, mixture, metrics and intervals are those
of `noticeability.py`. The artifact must not have learned from the observer: `learned_from` names those it
learned from.

The last line is JSON: one entry per observer. Takes about two minutes each on one core.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from held_out_pairs import ask, held_out, shared_options
from noticeability import MARGIN, judge

from calibration.image import Image, resize
from calibration.observers.embedded.observer import load_embedded
from calibration.observers.protocol import Observer, Query, Reply
from calibration.profile import load_profile
from predictor.artifact import default_directory, read_part
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

FLOOR = 0.92
LARGEST_ECE = 0.03  # expected calibration error, the same for models never met


class Reduced:
    """The embedded model behind a smaller input."""

    stimulus_side: int | None
    input_side: int | None

    def __init__(self, side: int) -> None:
        self._inner = load_embedded()
        self._full = int(self._inner.input_side or 0)
        self.name, self.input_side, self.stimulus_side = f"embedded at {side}", side, side
        self.in_flight = self._inner.in_flight

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query as the embedded model does of the reduced pictures."""
        return self._inner.ask(
            [replace(query, images=tuple(self._reduce(image) for image in query.images)) for query in queries]
        )

    def close(self) -> None:
        """Hold nothing."""

    def _reduce(self, image: Image) -> Image:
        side = int(self.input_side or 0)
        return resize(resize(image, side, side, "bicubic"), self._full, self._full, "bicubic")


def open_observer(folder: Path, reduced: int | None) -> Observer:
    """Load the model of a folder, or the embedded one behind a smaller input."""
    return load_embedded(folder) if reduced is None else Reduced(reduced)


def main() -> None:
    """Run and print."""
    parser = shared_options(str(__doc__), pairs=1500, seed=21)
    parser.add_argument(
        "--model", type=Path, action="append", default=[], help="folder of a trained observer"
    )
    parser.add_argument("--profile", type=Path, action="append", default=[], help="its calibration folder")
    parser.add_argument("--reduced", type=int, help="side; the last --profile is that of the reduced model")
    options = parser.parse_args()
    if not options.model and options.reduced is None:
        parser.error("expected --model FOLDER or --reduced SIDE, each with its --profile")
    use_one_thread()
    predictor = Predictor.load(options.artifact)
    learned = read_part(options.artifact or default_directory(), "noticeability").card["training"][
        "observers"
    ]
    asked = [(folder, None) for folder in options.model]
    if options.reduced is not None:
        asked.append((Path(f"embedded at {options.reduced}"), options.reduced))
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary:
        files = held_out(Path(temporary))
        for (folder, reduced), where in zip(asked, options.profile, strict=True):
            profile = load_profile(where)
            singles, _ = ask(open_observer(folder, reduced), files, profile, options.pairs, options.seed)
            found = judge(predictor, singles, profile)
            floors = {
                "auc": float(str(found["auc"])) >= FLOOR,
                "margin": float(str(found["margin"])) >= MARGIN,
                "ece": float(str(found["ece"])) <= LARGEST_ECE,
            }
            figures[folder.name] = found | {"floors": floors}
    names = [one["model"] for one in learned]
    print(
        json.dumps({"benchmark": "zero_shot", "artifact": predictor.version, "learned_from": names} | figures)
    )


if __name__ == "__main__":
    main()
