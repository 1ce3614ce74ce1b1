"""Teach the critic LMM to speak: the projector and the language model, on what the trained tower sees."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from calibration.observers.embedded.batches import Tokens
from predictor.learning.critic_lmm.lessons import (
    Batch,
    collate,
    sample_mixtures,
    sample_one,
    sample_tiny,
    sample_two,
)
from predictor.learning.critic_lmm.pictures import Pictures
from predictor.learning.critic_lmm.projecting import Head, disturbed, usual_spread

Report = Callable[[str], None]

_PROJECTOR_RATE = 0.2  # of the learning rate: it has learned to tell already


@dataclass(frozen=True)
class SpeakingRecipe:
    """How much of everything; the defaults are what ships."""

    steps: int = 1500
    one: int = 10  # examples of a step, of one picture each
    mixtures: int = 6
    two: int = 8
    tiny: int = 3
    learning_rate: float = 1.5e-3
    matrix_learning_rate: float = 0.012  # Muon, hidden matrices
    warm_up: int = 50
    decay_share: float = 0.5
    seed: int = 0


def teach_speaking(
    model: LlavaForConditionalGeneration,
    pictures: Pictures,
    tokens: Tokens,
    recipe: SpeakingRecipe,
    *,
    head: Head,
    report: Report,
    checkpoint: Callable[[], None],
) -> None:
    """Train projector and language model in place; `checkpoint` is called every 200 steps.

    Args:
        model: With a projector that was taught already, and the `head` that asked it.
        pictures: What is spoken about.
        tokens: Of the model's tokenizer.
        recipe: How much of everything.
        head: It goes on asking.
        report: Is told how far it is.
        checkpoint: Called every 200 steps.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed + 1)
    student = _Student(model, head, usual_spread(pictures.photographs)).train()
    steppers = _optimisers(student, recipe)
    rates = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    losses: list[list[float]] = []
    for step in range(recipe.steps):
        share = _learning_share(step, recipe)
        for stepper, bases in zip(steppers, rates, strict=True):
            for group, base in zip(stepper.param_groups, bases, strict=True):
                group["lr"] = base * share
        parts = [
            student.loss(collate(examples, tokens, rng))
            for examples in (
                sample_one(pictures, recipe.one, rng),
                sample_mixtures(pictures, recipe.mixtures, rng),
                sample_two(pictures, recipe.two, rng),
                sample_tiny(pictures, recipe.tiny, rng),
            )
            if examples
        ]
        student.zero_grad(set_to_none=True)
        torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        losses.append([part.item() for part in parts])
        if step % 50 == 49 or step == recipe.steps - 1:
            report(f"speaking, step {step + 1}: {np.mean(losses[-50:], axis=0).round(4).tolist()}")
        if step % 200 == 199:
            checkpoint()
    model.eval()


class _Student(nn.Module):
    """Projector and language model, with the head that asks the projector; it is left behind."""

    def __init__(self, model: LlavaForConditionalGeneration, asking: Head, spread: Tensor) -> None:
        super().__init__()
        self.projector = model.model.multi_modal_projector
        self.language = model.model.language_model
        self.head = model.lm_head
        self.image = int(model.config.image_token_id)
        self.asking = asking
        self.spread = spread

    def loss(self, batch: Batch) -> Tensor:
        """Return the weighted cross-entropy of the answers, and the error of the numbers that are known."""
        views = self.projector(disturbed(batch.features, self.spread))  # (N, V, 9, T)
        shown = self.language.embed_tokens(batch.tokens)
        is_picture = batch.tokens == self.image
        shown = shown.masked_scatter(is_picture[..., None], views)
        hidden = self.language(
            inputs_embeds=shown,
            attention_mask=batch.visible,
            position_ids=batch.positions,
            use_cache=False,
        ).last_hidden_state
        logits = self.head(hidden[batch.rows, batch.columns]).float()  # (M, vocabulary)
        logs = functional.log_softmax(logits, dim=-1)
        first, second = logs.gather(1, batch.targets).unbind(1)
        losses = -(batch.shares * first + (1 - batch.shares) * second) * batch.weights
        said = losses.sum() / batch.weights.sum()
        return said if batch.labels is None else said + self.asking.loss(views, batch.labels)


def _optimisers(student: _Student, recipe: SpeakingRecipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the rest."""
    inner = [one for name, one in student.named_parameters() if one.dim() == 2 and ".layers." in name]
    taught = [*student.projector.parameters(), *student.asking.parameters()]
    taken = {id(one) for one in (*inner, *taught)}
    other = [one for one in student.parameters() if id(one) not in taken]
    return [
        torch.optim.Muon(inner, lr=recipe.matrix_learning_rate, weight_decay=0.02, momentum=0.95),
        torch.optim.AdamW(
            [
                {"params": other, "lr": recipe.learning_rate},
                {"params": taught, "lr": _PROJECTOR_RATE * recipe.learning_rate},
            ],
            betas=(0.9, 0.98),
            weight_decay=0.02,
        ),
    ]


def _learning_share(step: int, recipe: SpeakingRecipe) -> float:
    """Warm up, hold, then fall linearly to a hundredth."""
    left = (recipe.steps - step) / (recipe.decay_share * recipe.steps)
    return min(1.0, (step + 1) / recipe.warm_up, max(0.01, left))
