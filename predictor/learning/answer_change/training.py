"""Learn answer change: distil the observers into surrogates, then fit the heads across observers.

Training half. The heads regress ln KL, the mean over observers, because it is smoother and carries more than
whether an answer flipped; flips are a logistic regression on top. An observer's own surrogate never takes
part in learning about that observer: at serving time the model asked about has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge

from predictor.answer_change.change import (
    Heads,
    batch_signals,
    flip_terms,
    known_margin_terms,
)
from predictor.answer_change.surrogate import GROUPS, Surrogate, distillation_loss
from predictor.learning.answer_change.lessons import AnswerLessons, Report

Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

_SMALLEST = 1e-6  # nats
_RIDGE = 100.0  # photographs, not versions, are what is new: little of a thousand rows is independent
_BATCH = 32
_COMPONENTS = 24


@dataclass(frozen=True)
class SurrogateRecipe:
    """How long to distil."""

    epochs: int = 12
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    seed: int = 0


def group_classes(log_answers: Floats, seed: int) -> npt.NDArray[np.int64]:
    """Put a teacher's classes into at most GROUPS groups that rise and fall together; (classes,).

    k-means on the directions of the classes' principal components over the pictures answered.
    """
    classes = log_answers.shape[1]
    if classes <= GROUPS:
        return np.arange(classes)
    single = log_answers.astype(np.float32)
    centred = (single - single.mean(axis=0)).T  # (classes, pictures)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = (left * sizes)[:, :_COMPONENTS]
    points = points / np.linalg.norm(points, axis=1, keepdims=True).clip(1e-6)
    found = KMeans(GROUPS, n_init=1, random_state=seed).fit(points)
    return np.asarray(found.labels_, dtype=np.int64)


def group_answers(log_answers: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """Sum a distribution over classes into one over GROUPS groups."""
    member = np.zeros((len(group), GROUPS), dtype=np.float32)
    member[np.arange(len(group)), group] = 1.0
    return np.asarray(np.exp(log_answers.astype(np.float32)) @ member)


def distil(
    views: npt.NDArray[np.uint8], targets: Floats, recipe: SurrogateRecipe, report: Report
) -> Surrogate:
    """Train a surrogate to answer like its teacher; views (N, SIDE, SIDE, 3), targets (N, GROUPS)."""
    torch.manual_seed(recipe.seed)
    surrogate = Surrogate().train()
    pictures = torch.from_numpy(views).permute(0, 3, 1, 2)
    wanted = torch.from_numpy(targets)
    optimiser = torch.optim.AdamW(
        surrogate.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    per_epoch = max(1, len(views) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * per_epoch
    )
    for epoch in range(recipe.epochs):
        for chosen in torch.randperm(len(views)).tensor_split(per_epoch):
            batch = pictures[chosen].to(torch.float32) / 255.0
            loss = distillation_loss(surrogate(_jitter(batch)), wanted[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        report("distilling", epoch + 1, recipe.epochs)
    return surrogate.eval()


def lesson_features(lessons: AnswerLessons, surrogates: Sequence[Surrogate], observer: int) -> Floats:
    """Return the features of every version as seen by one observer; (N, len(FEATURES))."""
    found = []
    for photo, original in enumerate(lessons.originals):
        own = lessons.photos == photo
        found.append(batch_signals(surrogates, np.concatenate([original[None], lessons.versions[own]])))
    return np.column_stack([lessons.distances[observer], np.concatenate(found)]).astype(np.float32)


def fit_heads(features: Sequence[Floats], lessons: AnswerLessons) -> Heads:
    """Fit the heads to all observers at once; `features` by observer.

    Raises:
        ValueError: No answer changed, or every one: there is nothing to tell apart.
    """
    rows = np.concatenate(list(features))
    changed = lessons.has_changed.reshape(-1)
    if changed.all() or not changed.any():
        raise ValueError("expected answers that changed and answers that did not; got one kind only")
    own = np.log(lessons.divergence.reshape(-1) + _SMALLEST)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    blank = np.zeros(0, dtype=np.float32)
    heads = Heads(mean, scale, blank, 0.0, blank, blank, blank)
    standard = heads.standardise(rows)
    line = Ridge(alpha=_RIDGE).fit(standard.astype(np.float64), own)
    divergence = np.append(line.coef_, line.intercept_).astype(np.float32)
    predicted = standard @ divergence[:-1] + divergence[-1]
    spread = np.quantile(own - predicted, (0.025, 0.975)).astype(np.float32)
    smearing = float(np.log(np.mean(np.exp(own - predicted))))  # Duan 1983
    flip = logistic(flip_terms(predicted), changed)
    flip_known = logistic(known_margin_terms(predicted, lessons.margin.reshape(-1)), changed)
    return Heads(mean, scale, divergence, smearing, spread, flip, flip_known)


def logistic(
    terms: Floats,
    outcomes: npt.NDArray[np.bool_],
    *,
    penalty: npt.ArrayLike = 3.0,
    centre: npt.ArrayLike = 0.0,
) -> Floats:
    """Fit a logistic regression with a normal prior; the last term is the constant.

    By a trust region: bare Newton steps run away where outcomes contradict the prior.

    Args:
        terms: (N, K).
        outcomes: (N,).
        penalty: Pulls each weight towards `centre`: 1 / variance of a normal prior; one number spares the
            constant.
        centre: Of the prior.
    """
    pull = np.broadcast_to(np.asarray(penalty, dtype=np.float64), terms.shape[1]).copy()
    if np.ndim(penalty) == 0:
        pull[-1] = 1e-6
    home = np.broadcast_to(np.asarray(centre, dtype=np.float64), terms.shape[1])
    rows, signs = terms.astype(np.float64), np.where(outcomes, 1.0, -1.0)

    def surprise(weights: Matrix) -> float:
        own = pull * (weights - home) ** 2
        return float(np.logaddexp(0.0, -signs * (rows @ weights)).sum() + own.sum() / 2)

    def gradient(weights: Matrix) -> Matrix:
        return np.asarray(rows.T @ (expit(rows @ weights) - outcomes) + pull * (weights - home))

    def curvature(weights: Matrix) -> Matrix:
        chance = expit(rows @ weights)
        return np.asarray((rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(pull))

    found = minimize(
        surprise, home, jac=gradient, hess=curvature, method="trust-exact", options={"gtol": 1e-8}
    )
    return np.asarray(found.x, dtype=np.float32)


def _jitter(pictures: torch.Tensor) -> torch.Tensor:
    """Mirror half the pictures, shift all by some pixels, change brightness and contrast a little."""
    if torch.rand(()) < 0.5:
        pictures = pictures.flip(3)
    shift = torch.randint(-6, 7, (2,)).tolist()
    gain = 1.0 + 0.2 * (torch.rand(len(pictures), 1, 1, 1) - 0.5)
    return (pictures.roll(shift, (2, 3)) * gain).clamp(0, 1)
