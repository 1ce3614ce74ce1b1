"""Judge a picture with small networks and tables trained for it: the critic without a language model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from calibration.image import Decoded, Image
from predictor.artifact import ArtifactError, Part, read_part
from predictor.critic import authenticity
from predictor.critic.attributes import AttributeModel
from predictor.critic.authenticity import OriginNetwork
from predictor.critic.critic import NotJudgedError
from predictor.critic.critique import OUTSIDE_TRAINING, Attributes, Critique
from predictor.critic.measures import Floats, Measures, fitted, measure
from predictor.critic.network import FeatureNetwork, look, shown
from predictor.critic.outside import outside_reason
from predictor.critic.quality_map import SMALLEST, MapModel
from predictor.critic.score import Quality

SMALLEST_JUDGED = 16  # pixels of a side


@dataclass(frozen=True, eq=False)
class Specialist:
    """A trained judge; loaded once, used from any thread."""

    network: FeatureNetwork
    quality: Quality
    map_model: MapModel
    attributes: AttributeModel
    origin: OriginNetwork
    temperature: float  # of the origin's log-odds
    half_width: float  # points of MOS on either side that hold 95 of 100 photographs

    def critique(self, decoded: Decoded) -> Critique:
        """Judge one picture by its pixels; the interval is the whole scale of one unlike photographs.

        Raises:
            NotJudgedError: A side is shorter than 16 pixels.
        """
        image = decoded.image
        if min(image.width, image.height) < SMALLEST_JUDGED:
            raise NotJudgedError(
                f"expected at least {SMALLEST_JUDGED} pixels a side, got {image.width}x{image.height}"
            )
        measures, mos, attributes = self.score(image)
        has_places = min(image.width, image.height) >= SMALLEST
        outside = outside_reason(measures)
        half_width = 100.0 if outside else self.half_width
        generated = authenticity.judge(self.origin, image, temperature=self.temperature)
        return Critique(
            mos=mos,
            interval=(max(0.0, mos - half_width), min(100.0, mos + half_width)),
            attributes=attributes,
            quality_map=self.map_model.judge(measures, mos, self.attributes) if has_places else None,
            generated_probability=generated,
            generated_reason=OUTSIDE_TRAINING if generated is None else None,
            outside=outside,
        )

    def score(self, image: Image) -> tuple[Measures, float, Attributes]:
        """Return what is measured of a picture, 16 pixels a side and more, its score and its attributes."""
        measures, row = examine(image, self.network)
        attributes = self.attributes.judge(measures)
        return measures, float(self.quality.mos(row[None], attributes.noisiness)[0]), attributes

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return all arrays under the names `from_part` reads."""
        tensors = {f"network.{name}": _halved(value) for name, value in self.network.state_dict().items()}
        tensors |= {f"origin.{name}": value for name, value in self.origin.state_dict().items()}
        tensors |= self.quality.to_tensors() | self.map_model.to_tensors() | self.attributes.to_tensors()
        return tensors | {"settled": torch.tensor([self.temperature, self.half_width])}

    @classmethod
    def from_part(cls, part: Part) -> "Specialist":
        """Take the arrays of an artifact's part.

        Raises:
            ArtifactError: It is not a critic's part, or another version's.
        """
        try:
            network, origin = networks_of(part)
            temperature, half_width = (float(value) for value in part.tensors["settled"])
            return cls(
                network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
                Quality.from_tensors(part.tensors),
                MapModel.from_tensors(part.tensors),
                AttributeModel.from_tensors(part.tensors),
                origin,
                temperature,
                half_width,
            )
        except (KeyError, RuntimeError, ValueError) as error:
            raise ArtifactError(
                "the critic part is damaged, or of another version: "
                "`jnd-predictor upgrade` replaces parts of earlier ones"
            ) from error


def load_specialist(artifact: Path) -> Specialist:
    """Read the specialist of an artifact.

    Raises:
        ArtifactError: It has none, or a damaged one.
    """
    return Specialist.from_part(read_part(artifact, "critic"))


def networks_of(part: Part) -> tuple[FeatureNetwork, OriginNetwork]:
    """Read what took long to train from an artifact's part, whatever was fitted on it.

    Raises:
        KeyError, RuntimeError: The part has other networks, or none.
    """
    network, origin = FeatureNetwork(), OriginNetwork()
    network.load_state_dict(_under(part, "network."))
    origin.load_state_dict(_under(part, "origin."))
    return network.eval(), origin.eval()


def examine(image: Image, network: FeatureNetwork) -> tuple[Measures, Floats]:
    """Return what is measured of a picture, and the row that is scored."""
    measures = measure(image)
    seen = look(network, shown(fitted(image.pixels)))
    return measures, np.concatenate([measures.described(), seen])


def _halved(value: torch.Tensor) -> torch.Tensor:
    """Return the network's numbers in half precision, which changes no score that is told."""
    return value.half() if value.is_floating_point() else value


def _under(part: Part, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor for name, tensor in part.tensors.items() if name.startswith(prefix)
    }
