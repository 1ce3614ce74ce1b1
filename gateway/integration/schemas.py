"""What the endpoints of integration take and answer, as their OpenAPI description shows it.

Fields of answers are those of the commands' `--json` lines.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.detection.verdict import Kind, Outcome
from gateway.providers.detail import LEVELS
from predictor.critic.critique import Flaw, Judge
from predictor.critic.origin import Origin, Topic, Trust

_IMAGE = "PNG, JPEG, WebP or GIF as a data URL or as base64 alone."
_MODEL = "Whose eyes count: a model that the settings name; any other is taken to see as people do."


class ImageRequest(BaseModel):
    """One image."""

    image: str = Field(description=_IMAGE)
    model: str = Field(default="", description=_MODEL)
    provider: str = Field(
        default="", description="Whose size, token and format rules apply; empty: those of `upstream`."
    )
    detail: str = Field(
        default="",
        description=f"Level at which the model is shown it: {', '.join(LEVELS)}; empty, or one that the "
        "model does not have: the provider's default.",
    )


class InspectRequest(ImageRequest):
    """One image, and what to tell of it."""

    heat_map: bool = Field(
        default=False, description="Whether to paint where the evidence lies; a few milliseconds more."
    )


class CritiqueRequest(BaseModel):
    """One image, to be judged for how good it looks."""

    image: str = Field(description=_IMAGE)


class EvidenceFound(BaseModel):
    """What one detector found."""

    kind: str = Field(description="The detector.")
    score: float = Field(description="In the detector's own unit; higher is more suspicious.")
    p_value: float | None = Field(description="null: a rule, or it informs only.")
    jnd_ratio: float | None = Field(description="Size of the change in the model's JNDs.")
    explanation: str
    is_attack: bool = Field(description="Built like an attack: worth an alarm however visible.")
    is_visible: bool = Field(description="A person who looks at that place sees it.")
    boxes: list[tuple[int, int, int, int, float]] = Field(
        description="Where it lies: left, top, right, bottom in pixels of the upright image, and weight, "
        "0 to 1; the weightiest first, none where it has no place."
    )


class InspectAnswer(BaseModel):
    """Whether an image carries an edit, and whether the model would notice it."""

    outcome: Outcome
    flags: list[Kind] = Field(description="Kinds of evidence that make it worth an alarm; mostly none.")
    p_value: float = Field(description="Of 'nothing was added to this picture', over all detectors.")
    jnd_ratio: float | None
    evidence: list[EvidenceFound]
    explanation: str
    reason: str = Field(description="One word where something was skipped or is wrong; empty otherwise.")
    heat_map: str | None = Field(
        description="Where the evidence lies: a PNG in base64, the image in grey with a legend; null unless "
        "asked for."
    )
    milliseconds: float


class CompressAnswer(BaseModel):
    """An image lightened by as much as the model cannot notice."""

    image: str = Field(description="What to send, as a data URL; the same bytes where nothing is gained.")
    format: str
    quality: int | None = Field(description="null: lossless, or left as it is.")
    width: int
    height: int
    bytes_in: int
    bytes_out: int
    tokens_in: int
    tokens_out: int
    probability: float = Field(description="Predicted P(the model notices) beyond its false alarms.")
    tier: str
    reason: str = Field(description="Why the image was left as it is; empty otherwise.")
    left_alone: str = Field(description="The same in one word of a closed list.")
    picture_class: str = Field(description="photograph, screen, document, chart, transparent or animated.")
    left_behind: list[str] = Field(description="Kinds of metadata that were left out.")
    exceeds: list[str] = Field(description="Limits of the provider that what is sent exceeds.")
    milliseconds: float


class OriginFact(BaseModel):
    """One thing that an image's file says of where it comes from."""

    topic: Topic
    value: str
    source: str = Field(description="Where in the file it stands.")
    trust: Trust = Field(description="Anybody can write what is claimed.")
    origin: Origin | None = Field(description="What it says of where the image comes from, if anything.")


class ToldProvenance(BaseModel):
    """Where an image's file says it comes from; kept apart from what its pixels make likely."""

    origin: Origin | None = Field(description="null: nothing is said, or it contradicts itself.")
    trust: Trust | None
    facts: list[OriginFact]
    contradictions: list[str]


class PlaceQuality(BaseModel):
    """One ninth of an image."""

    mos: float
    flaw: Flaw | None = Field(description="What is worst there.")


class CritiqueAnswer(BaseModel):
    """How good an image looks to people, why, and where it comes from."""

    mos: float = Field(description="Mean opinion score that people would give, 0 to 100.")
    low: float = Field(description="Of the interval around it: 0 to 100 where the image is `outside`.")
    high: float
    brightness: float = Field(description="0 black, 50 well exposed, 100 white.")
    colorfulness: float = Field(description="0 grey, 100 as colourful as photographs are.")
    contrast: float = Field(description="0 one even tone, 100 from black to white.")
    noisiness: float = Field(description="0 clean, 100 grain over everything.")
    sharpness: float = Field(description="0 nothing can be made out, 100 crisp to the pixel.")
    description: str = Field(description="What, where and how much, in one to three sentences.")
    generated_probability: float | None = Field(description="That it was generated, by its pixels alone.")
    generated_reason: str | None = Field(description="Why there is no such probability.")
    provenance: ToldProvenance
    worst_place: str | None = Field(description="null: no place stands out.")
    quality_map: list[list[PlaceQuality]] | None = Field(description="Three rows of three ninths.")
    judge: Judge
    outside: str | None = Field(
        description="Why the scores are a guess: the image is unlike the photographs they were learned from, "
        "such as a chart, a page, a screen. null: it is not."
    )
    reason: str = Field(description="Empty: what cannot be judged is an error.")
    milliseconds: float


class GuardrailRequest(BaseModel):
    """LiteLLM's generic guardrail request; fields not named here are let pass."""

    texts: list[str] | None = Field(default=None, description="Left as they are.")
    images: list[str] | None = Field(default=None, description=_IMAGE + " Or addresses.")
    input_type: Literal["request", "response"] = Field(
        default="request", description="Images of responses are judged, never lightened."
    )
    structured_messages: list[dict[str, Any]] | None = Field(
        default=None, description="The conversation: where LiteLLM takes lightened images from."
    )
    model: str = Field(
        default="", description=_MODEL + " Else `model` of `additional_provider_specific_params`."
    )


class GuardrailAnswer(BaseModel):
    """LiteLLM's generic guardrail answer."""

    action: Literal["BLOCKED", "NONE", "GUARDRAIL_INTERVENED"]
    blocked_reason: str | None = Field(default=None, description="With BLOCKED alone.")
    images: list[str] | None = Field(
        default=None, description="With GUARDRAIL_INTERVENED: all of them, in order, some lightened."
    )
    structured_messages: list[dict[str, Any]] | None = Field(
        default=None, description="With GUARDRAIL_INTERVENED: the rows that came, with the images that go."
    )


class Problem(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    code: str = Field(description="One word.")


class ErrorAnswer(BaseModel):
    """An error, as OpenAI's API would tell it."""

    error: Problem
