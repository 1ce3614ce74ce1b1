r"""Train the critic's specialist: teachers → network → lessons → scores, map, attributes, origin.

    python -m predictor.learning.critic.training --photos DIR --opinions FILE --networks DIR
        --origin FILE --out DIR

About three quarters of an hour of one core, and ten gigabytes. The third of the photographs that `split`
holds out is not read. `--seeing` takes over the networks of an artifact that the same command made, and fits
the rest anew.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.stats import pearsonr, spearmanr

from predictor.artifact import Part, read_part, write_part
from predictor.critic.authenticity import OriginNetwork
from predictor.critic.measures import described_size
from predictor.critic.network import FeatureNetwork
from predictor.critic.specialist import Specialist, networks_of
from predictor.learning.critic.attribute_training import exposures_of, train_attributes, versions_of
from predictor.learning.critic.authenticity_training import load_lessons, train_origin
from predictor.learning.critic.colour_training import colours_of
from predictor.learning.critic.distilling import distil
from predictor.learning.critic.fitting import fit_map, fit_quality, half_width
from predictor.learning.critic.lessons import Gathered, Version, gather, load_opinions, render
from predictor.learning.critic.remains_fitting import STEPS
from predictor.learning.critic.teacher import LAYERS, load_teachers, taught
from predictor.learning.critic.views import Photographs, blends_of, load_photographs, squared, views_of
from predictor.one_thread import use_one_thread

Report = Callable[[str], None]

_ATTRIBUTE_PHOTOGRAPHS, _COLOUR_PHOTOGRAPHS = 110, 480


@dataclass(frozen=True)
class Sources:
    """Where to learn from."""

    photos: Path  # BIQ2021: JPEGs and `mos.csv`
    opinions: Path  # KADID-10k's table
    networks: Path  # the teacher's folder
    origin: Path  # `cifake32_train.npz`


@dataclass(frozen=True)
class Recipe:
    """How much of everything; the defaults are what ships."""

    network_steps: int = 6000  # of sixteen views
    origin_epochs: int = 9
    remains_steps: int = STEPS
    seed: int = 0
    seeing: Path | None = None  # an artifact of the same sources, steps and seed: its networks, all else anew


def train_critic_part(sources: Sources, recipe: Recipe, report: Report) -> Part:
    """Run the whole recipe; return the arrays and what their card should say."""
    photographs = load_photographs(sources.photos)
    versions = render(photographs)
    report(f"{len(versions)} versions of {len(photographs)} photographs")
    networks = _train_networks(photographs, versions, sources, recipe, report)
    gathered = gather(versions, networks.network, load_opinions(sources.opinions))
    report(f"{len(gathered.lessons.mos)} pictures to score, {len(gathered.measures)} to map")
    lessons = gathered.lessons
    fitted = fit_quality(lessons, described_size(), steps=recipe.remains_steps)
    left_out, people = (one[lessons.is_photograph] for one in (fitted.left_out, lessons.mos))
    shown, coloured = (_spread(photographs, count) for count in (_ATTRIBUTE_PHOTOGRAPHS, _COLOUR_PHOTOGRAPHS))
    judge = Specialist(
        network=networks.network,
        quality=fitted.quality,
        map_model=fit_map(gathered.measures, gathered.losses),
        attributes=train_attributes(versions_of(shown), exposures_of(shown), colours_of(coloured)),
        origin=networks.origin,
        temperature=networks.temperature,
        half_width=half_width(left_out, people),
    )
    report(f"left out: SRCC {spearmanr(left_out, people)[0]:.4f}, PLCC {pearsonr(left_out, people)[0]:.4f}")
    return Part(judge.to_tensors(), card(photographs, gathered, recipe, left_out, judge.half_width))


def _spread(photographs: Photographs, count: int) -> Photographs:
    """Take so many, evenly over all."""
    return photographs[:: max(1, len(photographs) // count)][:count]


@dataclass(frozen=True, eq=False)
class _Networks:
    """What takes long to train."""

    network: FeatureNetwork
    origin: OriginNetwork
    temperature: float


def _train_networks(
    photographs: Photographs, versions: Sequence[Version], sources: Sources, recipe: Recipe, report: Report
) -> _Networks:
    if recipe.seeing:
        part = read_part(recipe.seeing, "critic")
        return _Networks(*networks_of(part), float(part.tensors["settled"][0]))
    whole = [one for one in versions if one.is_whole and not one.is_copy]
    damaged = [squared(version.shown) for version in whole if version.kind]
    shown = chain(views_of(photographs), blends_of(photographs), damaged[::2])
    views = taught(shown, load_teachers(sources.networks))
    report(f"{len(views.views)} views seen by the teachers")
    network = distil(views, steps=recipe.network_steps, seed=recipe.seed, report=report)
    origin, temperature = train_origin(
        load_lessons(sources.origin), epochs=recipe.origin_epochs, seed=recipe.seed, report=report
    )
    return _Networks(network.half().float(), origin.eval(), temperature)  # as the artifact will hold it


def card(
    photographs: Photographs, gathered: Gathered, recipe: Recipe, left_out: np.ndarray, half: float
) -> dict[str, object]:
    """Say what the part is for, what it learned from and under which licences, and what it reached."""
    lessons = gathered.lessons
    people = lessons.mos[lessons.is_photograph]
    names = "\n".join(sorted(photograph.name for photograph in photographs))
    return {
        "intended_use": "say how good a picture looks: a mean opinion score with its interval, five "
        "attributes, nine places; of a picture of 32 x 32 pixels also whether it was generated",
        "limits": "learned from photographs of one source at 512 pixels; larger pictures are judged as seen "
        "at 512; the interval holds for photographs like these; says nothing of whether larger pictures "
        "were generated",
        "training": {
            "photos": "BIQ2021 subset 03, two thirds by hash of the name (Ahmed & Asif 2021; photographs "
            "from Unsplash; its repository has no licence)",
            "photo_names_sha256": hashlib.sha256(names.encode()).hexdigest(),
            "photographs": len(photographs),
            "versions": len(lessons.mos) + len(gathered.measures) - 2 * len(photographs),
            "opinions": "KADID-10k's means by type and level (Lin, Hosu, Saupe 2019; MIT), no picture of it",
            "teachers": f"{' and '.join(LAYERS)} (Apache-2.0): their features were learned from, none of "
            "their weights are kept",
            "origin": "CIFAKE (Bird & Lotfi 2024; its repository has no licence), 11,000 pictures of "
            "32 x 32 pixels, and 1,000 that calibrate",
        },
        "recipe": {
            "network_steps": recipe.network_steps,
            "origin_epochs": recipe.origin_epochs,
            "remains_steps": recipe.remains_steps,
            "seed": recipe.seed,
            "networks": "of an earlier run of this recipe" if recipe.seeing else "of this run",
        },
        "cross_validation": {
            "reading": "photographs of the training thirds, each scored by a fit to the other folds",
            "srcc": round(float(spearmanr(left_out, people)[0]), 4),
            "plcc": round(float(pearsonr(left_out, people)[0]), 4),
            "half_width_95": round(half, 2),
        },
    }


app = typer.Typer(add_completion=False)


@app.command()
def train_critic(  # noqa: PLR0917 (a command's options)
    photos: Annotated[Path, typer.Option(help="Folder of photographs and `mos.csv` (file, mos of 0 to 1).")],
    opinions: Annotated[Path, typer.Option(help="KADID-10k's opinion scores: ref,type,lev,dmos,std.")],
    networks: Annotated[Path, typer.Option(help=f"Folder with the teachers: {', '.join(LAYERS)}.")],
    origin: Annotated[Path, typer.Option(help="Arrays of 32-pixel pictures, generated and photographed.")],
    out: Annotated[Path, typer.Option(help="Artifact directory; other parts in it are kept.")],
    steps: Annotated[int, typer.Option(help="Steps of the network's training.")] = 6000,
    seed: Annotated[int, typer.Option(help="Fixes views, damage and weights.")] = 0,
    seeing: Annotated[
        Path | None,
        typer.Option(help="Artifact of the same sources, steps and seed: take its networks over."),
    ] = None,
) -> None:
    """Train the critic's specialist and store it in an artifact.

    Measure the result with tests/benchmarks/critic.py --artifact OUT.
    """
    use_one_thread()
    sources = Sources(photos, opinions, networks, origin)
    write_part(
        out,
        "critic",
        train_critic_part(sources, Recipe(network_steps=steps, seed=seed, seeing=seeing), _tell),
    )


def _tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()
