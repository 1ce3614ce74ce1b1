"""Train the embedded observer from scratch: `python -m calibration.observers.embedded.training --help`.

Runs in steps, not minutes, and draws everything from one seed, so that a recipe on a card can be repeated.
"""

import json
import logging
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration, LlavaProcessor

from calibration.image import Image, ImageError, Pixels, load, resize
from calibration.observers.embedded import pairs, scenes
from calibration.observers.embedded.architecture import PATCH, SIDE, build_model, build_processor
from calibration.observers.embedded.batches import Batch, Example, Tokens, collate, normalise
from calibration.observers.embedded.pairs import Answer
from calibration.observers.embedded.taste import taste_of
from calibration.questions import DIRECT_PROMPT, IMPLICIT_PROMPT, MULTIPLE_CHOICE_PROMPT, VIEWPOINT_PROMPT
from calibration.stimuli.registry import DISTORTIONS

log = logging.getLogger(__name__)

_WIRED = (
    "vision_tower.embeddings",
    "vision_tower.vision_model.embeddings",
    "multi_modal_projector",
    "language_model.layers.0.",
    "language_model.layers.1.self_attn",
    "embed_tokens",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out."""

    steps: int = 2500
    pairs_per_step: int = 22
    scenes_per_step: int = 26
    pool_size: int = 6000
    learning_rate: float = 1.2e-3
    matrix_learning_rate: float = 0.012  # Muon, hidden matrices
    warm_up: int = 80
    decay_share: float = 0.4
    easy_share: float = 0.12  # of the run, while changes shrink towards threshold
    wired_share: float = 0.04  # of the learning rate, for parameters whose initialisation is wired
    seed: int = 0
    taste: str = "usual"  # see `taste.taste_of`


def prompt_texts() -> list[str]:
    """List every text the model must have words for."""
    labels = [distortion.label for distortion in DISTORTIONS.values()]
    return [
        "User: Assistant: . , ? ! ; : A B C D 0 1 2 3 4 5 6 7 8 9",
        *(DIRECT_PROMPT.format(distortion=label) for label in labels),
        MULTIPLE_CHOICE_PROMPT,
        IMPLICIT_PROMPT,
        VIEWPOINT_PROMPT,
        *pairs.SAME_PROMPTS,
        *pairs.DIFFERENT_PROMPTS,
        pairs.WHAT_PROMPT,
        "The is different. The two images look the same.",
        " ".join(map(pairs.change_word, DISTORTIONS)),
        "nothing content perspective",
        *scenes.PARAPHRASES,
        *(text for texts in scenes.PARAPHRASES.values() for text in texts),
        " ".join(scenes.ANSWER_WORDS),
    ]


def crop_pool(sources: Sequence[Image], size: int, rng: np.random.Generator) -> list[Pixels]:
    """Cut `size` random squares, reduced to the model's input; one in six is a generated scene."""
    crops = []
    for index in range(size):
        if index % 6 == 0 or not sources:
            crops.append(scenes.sample_scene(rng).pixels)
            continue
        pixels = sources[int(rng.integers(len(sources)))].pixels
        short = min(pixels.shape[:2])
        side = int(np.clip(np.exp(rng.uniform(np.log(SIDE), np.log(short + 1))), min(SIDE, short), short))
        top, left = rng.integers(0, np.array(pixels.shape[:2]) - side + 1)
        square = Image(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
        crops.append(resize(square, SIDE, SIDE, "bicubic").pixels)
    return crops


def batches(pool: list[Pixels], tokens: Tokens, recipe: Recipe) -> Iterator[tuple[Batch, Batch]]:
    """Yield a batch of pairs and a batch of scenes for each step; every picture is used twice."""
    rng, taste = np.random.default_rng(recipe.seed + 1), taste_of(recipe.taste)
    shown: deque[pairs.Pair] = deque(maxlen=recipe.pairs_per_step * 8)
    seen: deque[scenes.Scene] = deque(maxlen=recipe.scenes_per_step * 8)
    for step in range(recipe.steps):
        progress = step / (recipe.easy_share * recipe.steps) if recipe.easy_share else np.inf
        ease = max(0.0, 1 - progress)
        swaps = float(np.clip(progress - 0.6, 0, 1))
        half = range(recipe.pairs_per_step // 2)
        shown.extend(pairs.sample_pair(pool, rng, ease=ease, taste=taste) for _ in half)
        seen.extend(scenes.sample_scene(rng, pool) for _ in range(recipe.scenes_per_step // 2))
        pair_choice = [shown[int(i)] for i in rng.integers(0, len(shown), recipe.pairs_per_step)]
        scene_choice = [seen[int(i)] for i in rng.integers(0, len(seen), recipe.scenes_per_step)]
        yield (
            collate([_pair_example(pair, rng, swaps) for pair in pair_choice], tokens, rng),
            collate([_scene_example(scene, rng) for scene in scene_choice], tokens, rng),
        )


def _pair_example(pair: pairs.Pair, rng: np.random.Generator, swaps: float) -> Example:
    return Example((pair.first, pair.second), tuple(pairs.difference_questions(pair, rng, swaps=swaps)))


def _scene_example(scene: scenes.Scene, rng: np.random.Generator) -> Example:
    asked: list[tuple[str, Answer]] = []
    for question, answer in scene.questions or ((scenes.TEXT_PROMPT, "No"),):
        if question in (scenes.TEXT_PROMPT, scenes.LIGHT_PROMPT) and asked and rng.random() < 0.75:
            continue  # soon learned; and most scenes have no text
        wordings = (question, question, *scenes.PARAPHRASES[question])
        asked.append((wordings[int(rng.integers(len(wordings)))], Answer(answer, answer, 1.0)))
    return Example((scene.pixels,), tuple(asked))


def answer_loss(model: LlavaForConditionalGeneration, batch: Batch) -> tuple[Tensor, float]:
    """Return the weighted cross-entropy of the answers, and the share of first words answered rightly."""
    hidden = model.model(
        input_ids=batch.tokens,
        pixel_values=batch.pixels,
        attention_mask=batch.visible,
        position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state
    logits = model.lm_head(hidden[batch.rows, batch.columns]).float()  # (M, vocabulary)
    logs = functional.log_softmax(logits, dim=-1)
    first, second = logs.gather(1, batch.targets).unbind(1)
    losses = -(batch.shares * first + (1 - batch.shares) * second) * batch.weights
    expected = torch.where(batch.shares >= 0.5, batch.targets[:, 0], batch.targets[:, 1])
    right = (logits.argmax(1) == expected)[batch.flags].float().mean()
    return losses.sum() / batch.weights.sum(), float(right)


def optimisers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the rest, what is wired in a group of its own."""
    inner: list[nn.Parameter] = []
    other: list[nn.Parameter] = []
    wired: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if any(part in name for part in _WIRED):
            wired.append(parameter)
        else:
            (inner if parameter.dim() == 2 and ".layers." in name else other).append(parameter)
    rest = [{"params": other, "is_wired": False}, {"params": wired, "is_wired": True}]
    return [
        torch.optim.Muon(inner, lr=recipe.matrix_learning_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(rest, lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def learning_share(step: int, recipe: Recipe, *, is_wired: bool) -> float:
    """Warm up, hold, then fall linearly to a hundredth; what is wired hardly moves.

    Learning how answers are worded would overwrite the comparison within twenty steps at the full rate.
    """
    left = (recipe.steps - step) / (recipe.decay_share * recipe.steps)
    share = min(1.0, (step + 1) / recipe.warm_up, max(0.01, left))
    return share * recipe.wired_share if is_wired else share


def train(
    sources: Sequence[Image], recipe: Recipe, out: Path, *, start: Path | None = None
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor, list[dict[str, float]]]:
    """Train and save; a checkpoint is written every 500 steps."""
    processor = build_processor(prompt_texts())
    pool = crop_pool(sources, recipe.pool_size, np.random.default_rng(recipe.seed))
    patches = normalise(pool[:300]).unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * PATCH * PATCH)  # (300 * 36, 768)
    model = build_model(processor.tokenizer, patches, seed=recipe.seed)
    if start is not None:
        model.load_state_dict(
            LlavaForConditionalGeneration.from_pretrained(start, dtype=torch.float32).state_dict()
        )
    log.info("parameters: %d", sum(parameter.numel() for parameter in model.parameters()))
    history = _run(
        model, batches(pool, Tokens(processor.tokenizer), recipe), recipe, lambda: save(model, processor, out)
    )
    save(model, processor, out)
    return model, processor, history


def _run(
    model: LlavaForConditionalGeneration, data: Any, recipe: Recipe, checkpoint: Any
) -> list[dict[str, float]]:
    model.train()
    steppers = optimisers(model, recipe)
    rates = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    window: list[tuple[float, float, float]] = []
    history: list[dict[str, float]] = []
    started = time.monotonic()
    for step, (pair_batch, scene_batch) in enumerate(data):
        for stepper, bases in zip(steppers, rates, strict=True):
            for group, base in zip(stepper.param_groups, bases, strict=True):
                group["lr"] = base * learning_share(step, recipe, is_wired=group.get("is_wired", False))
        pair_loss, pair_right = answer_loss(model, pair_batch)
        scene_loss, scene_right = answer_loss(model, scene_batch)
        loss = pair_loss + scene_loss
        model.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        window.append((loss.item(), pair_right, scene_right))
        if (step + 1) % 50 == 0:
            means = np.mean(window, axis=0).round(4).tolist()
            window.clear()
            minutes = round((time.monotonic() - started) / 60, 2)
            names = ("step", "minutes", "loss", "pairs", "scenes")
            history.append(dict(zip(names, [step + 1, minutes, *means], strict=True)))
            log.info("%s", json.dumps(history[-1]))
        if (step + 1) % 500 == 0:
            checkpoint()
    return history


def save(model: LlavaForConditionalGeneration, processor: LlavaProcessor, out: Path) -> None:
    """Write the model in bfloat16 with its processor; nothing of the training state."""
    twin = LlavaForConditionalGeneration(model.config)
    twin.load_state_dict(model.state_dict())
    tokenizer = processor.tokenizer
    twin.generation_config.pad_token_id = tokenizer.pad_token_id
    twin.generation_config.eos_token_id = tokenizer.eos_token_id
    twin.generation_config.bos_token_id = tokenizer.bos_token_id
    twin.to(torch.bfloat16).save_pretrained(out)
    processor.save_pretrained(out)


def read_photographs(folders: Sequence[Path], limit: int) -> list[Image]:
    """Read the first `limit` pictures of each folder by name; unreadable ones are logged and skipped."""
    found = []
    for folder in folders:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        for path in files[:limit]:
            try:
                found.append(load(path))
            except ImageError as error:
                log.warning("skipped %s: %s", path.name, error)
    return found


def main(
    out: Annotated[Path, typer.Option(help="Folder for the trained model.")],
    photos: Annotated[list[Path] | None, typer.Option(help="Folder of photographs; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(help="Pictures taken of each folder, sorted by name.")] = 1200,
    start: Annotated[Path | None, typer.Option(help="Go on from this trained model.")] = None,
    steps: Annotated[int, typer.Option(help="Training steps.")] = Recipe.steps,
    learning_rate: Annotated[float, typer.Option(help="AdamW's.")] = Recipe.learning_rate,
    matrix_learning_rate: Annotated[float, typer.Option(help="Muon's.")] = Recipe.matrix_learning_rate,
    pairs_per_step: Annotated[int, typer.Option(help="Pairs in a step.")] = Recipe.pairs_per_step,
    scenes_per_step: Annotated[int, typer.Option(help="Scenes in a step.")] = Recipe.scenes_per_step,
    seed: Annotated[int, typer.Option(help="Decides everything drawn at random.")] = 0,
    taste: Annotated[
        str, typer.Option(help="What it finds visible: usual, blunt, keen or a number.")
    ] = "usual",
    threads: Annotated[int, typer.Option(help="Cores to use.")] = 2,
) -> None:
    """Train the embedded observer and write it to OUT."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    torch.set_num_threads(threads)
    recipe = Recipe(
        steps=steps,
        learning_rate=learning_rate,
        matrix_learning_rate=matrix_learning_rate,
        pairs_per_step=pairs_per_step,
        scenes_per_step=scenes_per_step,
        seed=seed,
        taste=taste,
    )
    if start is not None:  # what has been learned need not be approached again
        recipe = replace(recipe, easy_share=0.0)
    sources = read_photographs(photos or [], limit)
    log.info("photographs: %d", len(sources))
    history = train(sources, recipe, out, start=start)[2]
    (out / "training.json").write_text(json.dumps({"recipe": asdict(recipe), "history": history}, indent=1))


if __name__ == "__main__":
    typer.run(main)
