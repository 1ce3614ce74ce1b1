"""Teach the critic LMM to speak: the projector and the language model, on what the trained tower sees."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from calibration.observers.critic.architecture import TEXT_WIDTH
from calibration.observers.embedded.batches import Tokens
from predictor.learning.critic_lmm.lessons import Batch, collate, sample_one, sample_tiny, sample_two
from predictor.learning.critic_lmm.pictures import Pictures, Seen

Report = Callable[[str], None]

_NOISE = 0.1  # of each feature's spread: a photograph must not be known by its features
_AUXILIARY = 4.0


@dataclass(frozen=True)
class SpeakingRecipe:
    """How much of everything; the defaults are what ships."""

    steps: int = 800
    one: int = 12  # examples of a step, of one picture each
    two: int = 6
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
    report: Report,
    checkpoint: Callable[[], None],
) -> None:
    """Train projector and language model in place; `checkpoint` is called every 200 steps."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed + 1)
    student = _Student(model, pictures.photographs).train()
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


@torch.no_grad()
def even_out(model: LlavaForConditionalGeneration, seen: Seen) -> None:
    """Begin with a projector that gives every feature of the tower the same spread."""
    features = torch.from_numpy(seen.features[::11]).float().flatten(0, 2)  # (P, F)
    mean, spread = features.mean(dim=0), features.std(dim=0) + 1e-3
    first, second = model.model.multi_modal_projector.linear_1, model.model.multi_modal_projector.linear_2
    mixing = nn.init.orthogonal_(torch.empty_like(first.weight)) / spread
    first.weight.copy_(mixing)
    first.bias.copy_(-mixing @ mean)
    second.weight.copy_(torch.eye(TEXT_WIDTH))
    second.bias.zero_()


class _Student(nn.Module):
    """Projector and language model, with a head that asks the projector for numbers; it is left behind."""

    def __init__(self, model: LlavaForConditionalGeneration, seen: Seen) -> None:
        super().__init__()
        self.projector = model.model.multi_modal_projector
        self.language = model.model.language_model
        self.head = model.lm_head
        self.image = int(model.config.image_token_id)
        self.numbers = nn.Linear(4 * TEXT_WIDTH, 6)
        spread = torch.from_numpy(seen.features[::11]).float().flatten(0, 2).std(dim=0)
        self.noise = _NOISE * spread

    def loss(self, batch: Batch) -> Tensor:
        """Return the weighted cross-entropy of the answers, and the error of the numbers that are known."""
        features = batch.features + torch.randn_like(batch.features) * self.noise
        views = self.projector(features)  # (N, V, 9, T)
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
        return losses.sum() / batch.weights.sum() + _AUXILIARY * self._numbers_loss(views, batch.labels)

    def _numbers_loss(self, views: Tensor, labels: Tensor) -> Tensor:
        if bool(labels.isnan().any()):
            return labels.new_zeros(())
        whole, pieces = views[:, 0], views[:, 1:].flatten(1, 2)
        pooled = [part(dim=1) for tokens in (whole, pieces) for part in (tokens.mean, tokens.std)]
        return functional.smooth_l1_loss(self.numbers(torch.cat(pooled, dim=1)), labels, beta=0.1)


def _optimisers(student: _Student, recipe: SpeakingRecipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the rest."""
    inner = [one for name, one in student.named_parameters() if one.dim() == 2 and ".layers." in name]
    taken = {id(one) for one in inner}
    other = [one for one in student.parameters() if id(one) not in taken]
    return [
        torch.optim.Muon(inner, lr=recipe.matrix_learning_rate, weight_decay=0.02, momentum=0.95),
        torch.optim.AdamW(other, lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.02),
    ]


def _learning_share(step: int, recipe: SpeakingRecipe) -> float:
    """Warm up, hold, then fall linearly to a hundredth."""
    left = (recipe.steps - step) / (recipe.decay_share * recipe.steps)
    return min(1.0, (step + 1) / recipe.warm_up, max(0.01, left))
