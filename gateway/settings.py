"""The gateway's configuration: one frozen object, every key with its unit, its default and its reason.

Only what the keys are; `settings_file` reads them from YAML and the environment.
"""

from gateway.configuration.images import (
    Compression,
    CompressionMode,
    Critique,
    Detection,
    Limits,
    NearDuplicate,
)
from gateway.configuration.memory import Memory
from gateway.configuration.policies import (
    Actions,
    Blockable,
    Inspection,
    Mode,
    OnFailure,
    Policy,
    PolicyChange,
    SanitizeWhen,
)
from gateway.configuration.prices import OwnPrices
from gateway.configuration.review import Review
from gateway.configuration.section import MEBIBYTE, MEGAPIXEL, Folder, Section, setting
from gateway.configuration.traffic import (
    Client,
    Fetching,
    ImageUrls,
    Listen,
    NamedUpstream,
    Readiness,
    Telemetry,
    Upstream,
)

__all__ = [
    "DEFAULT_NAME",
    "MEBIBYTE",
    "MEGAPIXEL",
    "Actions",
    "Blockable",
    "Client",
    "Compression",
    "CompressionMode",
    "Critique",
    "Detection",
    "Fetching",
    "ImageUrls",
    "Inspection",
    "Limits",
    "Listen",
    "Memory",
    "Mode",
    "NamedUpstream",
    "NearDuplicate",
    "OnFailure",
    "OwnPrices",
    "Policy",
    "PolicyChange",
    "Readiness",
    "Review",
    "SanitizeWhen",
    "Section",
    "Settings",
    "Telemetry",
    "Upstream",
]


DEFAULT_NAME = "default"  # of the upstream that has none, in metrics, logs and messages


class Settings(Section):
    """The whole configuration; every key has a default."""

    listen: Listen = setting(Listen(), "Where the gateway answers.", why="see its keys")
    upstream: Upstream = setting(Upstream(), "The API behind it.", why="see its keys")
    upstreams: tuple[NamedUpstream, ...] = setting(
        (), "Further APIs, chosen by path prefix or model before `upstream`.", why="most people have one API"
    )
    models: dict[str, str] = setting(
        {},
        "Model name to profile: a published name, `embedded`, or the path of a profile or calibration.",
        why="a model that is not listed is taken to see as well as people do, which is careful",
    )
    model_map: dict[str, str] = setting(
        {},
        "Name in requests (deployment, Bedrock or OpenRouter id) to the model whose rules and profile apply.",
        why="prefixes and versions that clouds and brokers add are understood without it",
    )
    artifact: Folder | None = setting(
        None, "Folder of a trained predictor; null: the one that ships.", why="it needs no training"
    )
    clients: tuple[Client, ...] = setting(
        (), "Callers known by their keys.", why="on 127.0.0.1 everybody is you"
    )
    only_known_clients: bool = setting(
        False,
        "Whether callers that `clients` does not list get a 401.",
        why="keys that are passed on are checked by the API",
    )
    policy: Policy = setting(Policy(), "What happens to what was found.", why="see its keys")
    policies: dict[str, PolicyChange] = setting(
        {},
        "Named changes of `policy`: trusted callers ask for them by x-jnd-policy; some treat models unasked.",
        why="one is enough to start",
    )
    detection: Detection = setting(Detection(), "How what is found is weighed.", why="see its keys")
    critique: Critique = setting(Critique(), "How pictures are judged when asked.", why="see its keys")
    near_duplicate: NearDuplicate = setting(
        NearDuplicate(), "Memory of images seen before.", why="see its keys"
    )
    memory: Memory = setting(Memory(), "What machines remember together.", why="see its keys")
    compression: Compression = setting(Compression(), "How far images are lightened.", why="see its keys")
    fetching: Fetching = setting(Fetching(), "Pictures named by their address.", why="see its keys")
    limits: Limits = setting(Limits(), "What requests may cost.", why="see its keys")
    readiness: Readiness = setting(Readiness(), "What /readyz asks.", why="see its keys")
    review: Review = setting(Review(), "Flagged images, kept for a person to look at.", why="see its keys")
    prices: OwnPrices = setting(OwnPrices(), "What image tokens cost you.", why="see its keys")
    telemetry: Telemetry = setting(Telemetry(), "OpenTelemetry traces.", why="see its keys")
