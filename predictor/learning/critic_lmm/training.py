r"""Train the critic that is an LMM: specialist → tower → pictures → projector → language model → a folder.

    python -m predictor.learning.critic_lmm.training --photos DIR --opinions FILE --origin FILE --out DIR

Ten minutes of one core, and a gigabyte. The third of the photographs that `split` holds out is
not read. The tower is made of the specialist's network; the specialist also tells brightness, noisiness and
sharpness, whose labels nobody gave. Its network has seen a fold left out here, without people's scores.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from transformers import LlavaForConditionalGeneration, LlavaProcessor

from calibration.image import Pixels
from calibration.observers.critic.architecture import build_model, build_processor
from calibration.observers.critic.views import whole
from calibration.observers.embedded.batches import Tokens
from predictor.artifact import default_directory
from predictor.critic.specialist import load_specialist
from predictor.learning.critic.authenticity_training import load_lessons
from predictor.learning.critic.lessons import load_opinions
from predictor.learning.critic.split import FOLDS, fold_of
from predictor.learning.critic.views import Photograph, load_photographs
from predictor.learning.critic_lmm.card import build_card
from predictor.learning.critic_lmm.pictures import make_pictures
from predictor.learning.critic_lmm.projecting import ProjectingRecipe, teach_projecting
from predictor.learning.critic_lmm.sayings import all_texts
from predictor.learning.critic_lmm.seeing import make_tower
from predictor.learning.critic_lmm.speaking import SpeakingRecipe, teach_speaking
from predictor.one_thread import use_one_thread

Report = Callable[[str], None]

_SAMPLE = 40  # photographs that tell the tower usual features


@dataclass(frozen=True)
class LmmSources:
    """Where to learn from."""

    photos: Path  # BIQ2021: JPEGs and `mos.csv`
    opinions: Path  # KADID-10k's table
    origin: Path  # `cifake32_train.npz`
    artifact: Path  # with the specialist
    left_out: int | None = None  # a fold of the photographs, to choose by; None: learn from all


@dataclass(frozen=True)
class LmmRecipe:
    """How much of everything; the defaults are what ships."""

    projecting: ProjectingRecipe = field(default_factory=ProjectingRecipe)
    speaking: SpeakingRecipe = field(default_factory=SpeakingRecipe)
    tiny: int = 3000  # pictures of 32 pixels
    seed: int = 0


def train_critic_lmm(sources: LmmSources, recipe: LmmRecipe, out: Path, report: Report) -> None:
    """Run the whole recipe and write the model, its processor and its card; at times what there is so far."""
    processor = build_processor(all_texts())
    model = build_model(processor.tokenizer, seed=recipe.seed)
    photographs, specialist = _photographs(sources), load_specialist(sources.artifact)
    tower = model.model.vision_tower
    usual = [photograph.image for photograph in photographs[:: max(1, len(photographs) // _SAMPLE)]]
    make_tower(tower, specialist.network, [whole(image).pixels for image in usual])
    pictures = make_pictures(
        photographs,
        tiny_pictures(sources.origin, recipe.tiny, seed=3 + recipe.seed),
        tower=tower,
        attributes=specialist.attributes,
        opinions=load_opinions(sources.opinions),
        report=report,
        seed=13 + recipe.seed,
    )
    report(f"{len(pictures.photographs.judged)} pictures to speak about")
    head = teach_projecting(model, pictures, recipe.projecting, report)
    teach_speaking(
        model,
        pictures,
        Tokens(processor.tokenizer),
        recipe.speaking,
        head=head,
        report=report,
        checkpoint=lambda: save_model(model, processor, out),
    )
    save_model(model, processor, out)
    card = build_card(out, [photograph.name for photograph in photographs], asdict(recipe))
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _photographs(sources: LmmSources) -> list[Photograph]:
    every = load_photographs(sources.photos)
    return [photograph for photograph in every if fold_of(photograph.name) != sources.left_out]


def tiny_pictures(path: Path, count: int, seed: int) -> list[tuple[Pixels, float]]:
    """Draw pictures of 32 pixels, with 1 where one was generated."""
    lessons = load_lessons(path)
    chosen = np.random.default_rng(seed).permutation(len(lessons.images))[:count]
    return [(lessons.images[at], float(lessons.generated[at])) for at in chosen]


def save_model(model: LlavaForConditionalGeneration, processor: LlavaProcessor, out: Path) -> None:
    """Write the model in half precision with its processor; nothing of the training state."""
    twin = LlavaForConditionalGeneration(model.config)
    twin.load_state_dict(model.state_dict())
    for name in ("pad_token_id", "eos_token_id", "bos_token_id"):
        setattr(twin.generation_config, name, getattr(processor.tokenizer, name))
    twin.to(torch.float16).save_pretrained(out)
    processor.save_pretrained(out)


app = typer.Typer(add_completion=False)


@app.command()
def train_critic(  # noqa: PLR0917 (a command's options)
    photos: Annotated[Path, typer.Option(help="Folder of photographs and `mos.csv` (file, mos of 0 to 1).")],
    opinions: Annotated[Path, typer.Option(help="KADID-10k's opinion scores: ref,type,lev,dmos,std.")],
    origin: Annotated[Path, typer.Option(help="Arrays of 32-pixel pictures, generated and photographed.")],
    out: Annotated[Path, typer.Option(help="Folder for the trained model.")],
    artifact: Annotated[
        Path | None, typer.Option(help="Artifact with the specialist; without it, the one that ships.")
    ] = None,
    steps: Annotated[
        int, typer.Option(help="Steps of the language model's training.")
    ] = SpeakingRecipe.steps,
    leave_out: Annotated[
        int | None,
        typer.Option(
            min=0, max=FOLDS - 1, help="Fold of the photographs not to learn from, to choose a recipe by."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes damage, questions and weights.")] = 0,
) -> None:
    """Train the critic LMM and write it to OUT; ask it with `--observer critic:OUT`.

    Measure the result with tests/benchmarks/critic_lmm.py --model OUT.
    """
    use_one_thread()
    sources = LmmSources(photos, opinions, origin, artifact or default_directory(), leave_out)
    recipe = LmmRecipe(ProjectingRecipe(seed=seed), SpeakingRecipe(steps=steps, seed=seed), seed=seed)
    train_critic_lmm(sources, recipe, out, _tell)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()
