"""An observer that answers in prose, as today's models do: the same decisions, longer words."""

from collections.abc import Sequence

from calibration.observers.protocol import Query, Reply
from calibration.observers.simulated import SimulatedObserver
from calibration.questions import IDENTICAL_PROMPT

_DIFFERENT = (
    "Both show the same scene, but one is dimmer",
    "The composition and the subject are identical in both images, "
    "although the second has lost its fine texture.",
    "While the two pictures look the same at first glance, one of them is softer along the edges.",
)
_SAME = (
    "Neither image is blurrier than the other",
    "Both are crisp, edge for edge.",
    "I looked closely and found nothing that sets them apart.",
)


class Chatty(SimulatedObserver):
    """A simulated observer that explains itself."""

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer as the observer it is made of would, with an analysis of the kind that was misread."""
        return [
            self._explained(query, reply) for query, reply in zip(queries, super().ask(queries), strict=True)
        ]

    def _explained(self, query: Query, reply: Reply) -> Reply:
        affirms = reply.text.lower().startswith(("<yes", "yes", "a"))
        differs = affirms != (query.prompt == IDENTICAL_PROMPT)
        analyses = _DIFFERENT if differs else _SAME
        analysis = analyses[sum(query.key.encode()) % len(analyses)]
        return Reply(f"<{'yes' if affirms else 'no'}> {analysis}")
