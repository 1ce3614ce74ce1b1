"""Ask the critic LMM: a small LLaVA shipped with the package, which judges quality in words.

A picture reaches it as views: the whole, and pieces at native resolution (`views`). Everything runs on the
CPU and is deterministic.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from calibration.image import Image
from calibration.observers.critic.architecture import VIEW_TOKENS, quickened
from calibration.observers.critic.views import cut, whole
from calibration.observers.embedded.observer import load_folder, own_name, tidy
from calibration.observers.protocol import ObserverError, Query, Reply, UnfitQueryError
from calibration.observers.transformers_loading import LoadedModel
from calibration.observers.vision_language import VisionLanguageModel, by_manner

MODEL_FOLDER = Path(__file__).parent / "model"

_CRITIC = "critic"
_BATCH = 16
_MAX_NEW_TOKENS = 48  # the longest description takes fewer
_MOST_IMAGES = 2
_FRAME_TOKENS = 16  # at most, of the chat template around prompt and images


class CriticObserver:
    """A local vision-language model that answers questions about quality."""

    def __init__(self, model: Any, processor: Any, name: str = _CRITIC) -> None:  # transformers has no types
        self.name = name
        self._language = VisionLanguageModel(LoadedModel(model, processor), _BATCH)
        self._room = model.config.text_config.max_position_embeddings - _MAX_NEW_TOKENS - _FRAME_TOKENS
        self.input_side: int | None = None  # it sees pieces as they are
        self.stimulus_side: int | None = None

    @property
    def in_flight(self) -> int:
        """How many queries it wants at a time: a batch."""
        return self._language.batch

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query by its text; where words are wanted, with what else each token could be.

        Raises:
            UnfitQueryError: One has more than two images, or is longer than the model's context.
        """
        return by_manner(
            queries,
            flags=lambda plain: [Reply(text) for text in self.complete(plain)],
            words=lambda scaled: self.tell(scaled, len(self._language.tokenizer)),
        )

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Generate the reply text of every query, greedily."""
        texts = self._language.in_batches(
            self._as_views(queries), lambda group: self._language.generate(group, _MAX_NEW_TOKENS)
        )
        return [tidy(text) for text in texts]

    def tell(self, queries: Sequence[Query], listed: int) -> list[Reply]:
        """Generate the reply to every query, greedily, with what else each token could have been."""
        spoken = self._language.in_batches(
            self._as_views(queries), lambda group: self._language.tell(group, _MAX_NEW_TOKENS, listed)
        )
        return [Reply(tidy("".join(choice.token for choice in each)), choices=each) for each in spoken]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes."""
        return len(self._language.tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_image_tokens(self, image: Image) -> int:
        """Return how many tokens one image takes, asked about by itself."""
        return VIEW_TOKENS * len(cut(image))

    def close(self) -> None:
        """Hold nothing."""

    def _as_views(self, queries: Sequence[Query]) -> list[Query]:
        return [self._fitted(query) for query in queries]

    def _fitted(self, query: Query) -> Query:
        """Return a query with views for its images.

        Their number is all that tells one image from two: five images would pass for one, ten for two.
        """
        if len(query.images) > _MOST_IMAGES:
            raise UnfitQueryError(
                f"expected at most {_MOST_IMAGES} images, got {len(query.images)}: "
                "the critic judges one image or compares two"
            )
        viewed = replace(query, images=_views(query.images))
        words = self.count_tokens(query.prompt) + self.count_tokens(query.manner.opening)
        tokens = words + VIEW_TOKENS * len(viewed.images)
        if tokens > self._room:
            raise UnfitQueryError(
                f"expected at most {self._room} tokens of prompt and images, got {tokens}: {words} of the "
                f"prompt"
            )
        return viewed


def _views(images: Sequence[Image]) -> list[Image]:
    """Return the views of one picture or of two; of two the same number of each."""
    views = [cut(image) for image in images]
    if len({len(each) for each in views}) != 1:
        return [whole(image) for image in images]
    return [view for each in views for view in each]


def load_critic(folder: Path | None = None) -> CriticObserver:
    """Load the model that ships with the package, or another like it, named after its folder.

    Torch then keeps to one thread.

    Raises:
        ObserverError: The model's files are missing or damaged, or the folder's name is that of a model whose
            thresholds are known: they would be taken for this one's.
    """
    name = _CRITIC if folder is None else own_name(folder)
    folder = folder or MODEL_FOLDER
    if not (folder / "config.json").is_file():
        raise ObserverError(f"expected the critic LMM in {folder}, found none")
    loaded = load_folder(folder, "critic LMM")
    loaded.model.model.vision_tower = quickened(loaded.model.model.vision_tower)
    return CriticObserver(loaded.model, loaded.processor, name)
