import numpy as np
import pytest
import torch

from calibration.observers.critic.architecture import VIEW_TOKENS, VISION_WIDTH, build_model, build_processor
from calibration.observers.critic.views import VIEWS
from predictor.critic.critique import Attributes
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.mixing import mix
from predictor.learning.critic_lmm.pictures import Pictures, Seen
from predictor.learning.critic_lmm.projecting import (
    ProjectingRecipe,
    drawn,
    even_out,
    labels_of,
    labels_of_mixtures,
    teach_projecting,
)
from predictor.learning.critic_lmm.steadying import fit_expected

FINE = Attributes(50, 60, 70, 10, 40)
RNG = np.random.default_rng(0)


def pictures(scores: np.ndarray) -> Pictures:
    """Return pictures whose score shows in three features of every place."""
    shape = (len(scores), VIEWS, VIEW_TOKENS, VISION_WIDTH)
    features = RNG.normal(0, 1, shape).astype(np.float16)
    features[..., :3] += ((scores - 50) / 20)[:, None, None, None].astype(np.float16)
    features += 3  # the tower's are not negative
    judged = [Judged(float(score), FINE) for score in scores]
    tiny = Seen([Judged(50, FINE, generated=1.0)], features[:1, :1])
    untouched = [[at] for at in range(0, len(scores), 2)]
    expected = fit_expected(features[::2], scores[::2].astype(np.float32))
    return Pictures(Seen(judged, features), untouched, expected, [], tiny)


def test_labels_are_spreads_around_the_middle_of_the_scale_and_the_fault_that_was_done():
    noisy, blocky = (Judged(30, FINE, flaw=flaw, is_damaged=True) for flaw in ("noisy", "blocky"))

    labels = labels_of([Judged(80, FINE), noisy, blocky])

    nan = float("nan")
    assert labels.numbers[0].tolist() == pytest.approx([1.5, nan, 0, 0.5, 1, -2, -0.5], nan_ok=True)
    assert labels.numbers[1].tolist() == pytest.approx([nan, -1, 0, 0.5, 1, -2, -0.5], nan_ok=True)
    none, noisy, untold = labels.faults.tolist()
    assert none == untold != noisy
    assert labels_of([Judged(50, FINE, generated=0.0)]).numbers.isnan().all()


def test_of_mixtures_the_score_alone_is_known():
    labels = labels_of_mixtures(mix(pictures(np.linspace(20, 80, 40)), 3, np.random.default_rng(0)))

    assert labels.numbers[:, 0].isfinite().all()
    assert labels.numbers[:, 1:].isnan().all()


def test_a_share_of_what_is_drawn_is_untouched():
    places = drawn(pictures(np.linspace(20, 80, 40)), 20, 1.0, np.random.default_rng(0))

    assert len(places) == 20
    assert all(at % 2 == 0 for at in places)


def test_the_projector_begins_with_the_same_spread_of_every_feature():
    model = build_model(build_processor(["a"]).tokenizer, text_layers=1)
    many = pictures(RNG.uniform(20, 80, 60)).photographs

    even_out(model, many)

    projected = model.model.multi_modal_projector.linear_1(torch.from_numpy(many.features).float())
    assert projected.flatten(0, 2).std(dim=0).detach().numpy() == pytest.approx(0.5, abs=0.1)
    assert projected.flatten(0, 2).mean(dim=0).detach().numpy() == pytest.approx(0, abs=0.3)


def test_what_the_projector_was_taught_it_tells_of_new_pictures():
    model, told = build_model(build_processor(["a"]).tokenizer, text_layers=1), []
    scores = RNG.uniform(20, 80, 60)

    head = teach_projecting(
        model, pictures(RNG.uniform(20, 80, 200)), ProjectingRecipe(steps=100, pictures=24), told.append
    )

    features = torch.from_numpy(pictures(scores).photographs.features).float()
    views = model.model.multi_modal_projector(features)
    means = torch.cat([views[:, 0].mean(dim=1), views[:, 1:].mean(dim=(1, 2))], dim=1)
    said = head.inner(means)[:, 0].detach().numpy()
    assert np.corrcoef(said, scores)[0, 1] > 0.9
    assert told[-1].startswith("projecting, step 100")
