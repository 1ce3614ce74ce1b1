"""A made-up observer with a known threshold: what the laboratory's own claims are checked against.

Its psychometric function is `calibration.psychometric.PsychometricFunction`; its replies depend on the
query's key and its own seed only, so a run can be repeated and resumed, whatever the batching.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from calibration.image import Image, fit_within
from calibration.observers.protocol import Query, Reply
from calibration.psychometric import PsychometricFunction
from calibration.questions import IDENTICAL_PROMPT, MULTIPLE_CHOICE_PROMPT, VIEWPOINT_PROMPT

_KEYS = ("threshold", "slope", "false_alarm", "lapse", "seed", "spread", "probabilities")
_MOST_SPREAD = 3.0  # e^3: already beyond any picture
_LETTERED = MULTIPLE_CHOICE_PROMPT.rpartition("images? ")[2]
_TAGGED = VIEWPOINT_PROMPT.rpartition("images? ")[2]


@dataclass(frozen=True)
class SimulatedObserver:
    """Says "different" as often as its psychometric function tells at the level shown.

    `function.threshold` is the Weibull scale in levels, the same for every distortion; with a `spread` each
    query has its own, drawn from the query's key and the seed around it. A query without a level (a served
    request) takes the RMS difference of its two images, in % of full scale, as one.
    """

    function: PsychometricFunction
    seed: int = 0
    name: str = "simulated"
    stimulus_side: int | None = 64
    input_side: int | None = None
    in_flight: int = 32  # queries it wants at a time
    spread: float = 0.0  # of ln threshold from query to query, as pictures differ
    states_probabilities: bool = False  # replies carry P(affirmative)

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query in the format its prompt asks for."""
        return [self._reply(query) for query in queries]

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Return the reply texts; anything but a pair of images is told so."""
        return [
            self._reply(query).text if len(query.images) == 2 else "A simulated observer compares two images."
            for query in queries
        ]

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def count_image_tokens(self, image: Image) -> int:  # noqa: ARG002 - the protocol's signature
        """Return 1: the level, all it sees."""
        return 1

    def close(self) -> None:
        """Hold nothing."""

    def _reply(self, query: Query) -> Reply:
        level = _rms_percent(query.images) if query.level is None else query.level
        different = float(self._function_for(query).probability(level))
        says_different = self._draw(query) < different
        affirmative = 1 - different if query.prompt == IDENTICAL_PROMPT else different
        return Reply(
            _format(query.prompt, says_different=says_different),
            probability=affirmative if self.states_probabilities else None,
        )

    def _function_for(self, query: Query) -> PsychometricFunction:
        if not self.spread:
            return self.function
        score = NormalDist().inv_cdf(min(max(self._draw(query, "threshold/"), 1e-12), 1 - 1e-12))
        return replace(self.function, threshold=self.function.threshold * float(np.exp(self.spread * score)))

    def _draw(self, query: Query, purpose: str = "") -> float:
        """Return a uniform number that depends on the seed, the purpose and the query alone."""
        digest = hashlib.sha256(f"{purpose}{self.seed}/{query.key}/{query.prompt}".encode())
        if not query.key:
            for image in query.images:
                digest.update(image.pixels.tobytes())
        return int.from_bytes(digest.digest()[:8], "big") / 2**64


def parse_simulated(options: str) -> SimulatedObserver:
    """Read `threshold=20,slope=3,false_alarm=0.02,lapse=0.02,seed=0`; what is left out has these values.

    `spread=0.25` lets pictures differ: the standard deviation of ln threshold, 0 by default.
    `probabilities=1` makes replies carry their probability, as a model's log-probabilities would.

    Raises:
        ValueError: A key is unknown, or a value is not a number in range.
    """
    values = {"threshold": 20.0, "slope": 3.0, "false_alarm": 0.02, "lapse": 0.02}
    values |= {"seed": 0.0, "spread": 0.0, "probabilities": 0.0}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key.strip() not in _KEYS:
            raise ValueError(f"expected simulated:KEY=VALUE with keys {', '.join(_KEYS)}; got {option!r}")
        try:
            values[key.strip()] = float(value)
        except ValueError as error:
            raise ValueError(f"expected a number for {key.strip()}, got {value!r}") from error
    function = PsychometricFunction(
        threshold=values["threshold"],
        slope=values["slope"],
        guess_rate=values["false_alarm"],
        lapse_rate=values["lapse"],
    )
    if not 0 <= values["spread"] <= _MOST_SPREAD:
        raise ValueError(f"spread must lie between 0 and {_MOST_SPREAD:g}, got {values['spread']:g}")
    if values["probabilities"] not in (0, 1):
        raise ValueError(f"probabilities must be 0 or 1, got {values['probabilities']:g}")
    return SimulatedObserver(
        function,
        seed=int(values["seed"]),
        spread=values["spread"],
        states_probabilities=values["probabilities"] == 1,
    )


def _format(prompt: str, *, says_different: bool) -> str:
    affirmative = says_different != (prompt == IDENTICAL_PROMPT)
    if prompt.endswith(_LETTERED):
        return "A" if affirmative else "B"
    if prompt.endswith(_TAGGED):
        finding = "The images differ in quality." if says_different else "The images look identical."
        return f"<{'yes' if affirmative else 'no'}> {finding}"
    return "Yes" if affirmative else "No"


def _rms_percent(images: Sequence[Image]) -> float:
    if len(images) != 2:
        return 0.0
    first, second = (fit_within(image, 256) for image in images)
    if first.pixels.shape != second.pixels.shape:
        return 100.0
    difference = first.pixels.astype(np.float64) - second.pixels
    return float(100 * np.sqrt(np.mean(difference**2)) / 255)
