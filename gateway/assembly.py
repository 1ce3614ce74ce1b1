"""Load what the settings name, and build the pipeline of it: predictor, profiles, detectors, compressor.

The one place that knows which detectors there are. Importing it loads torch.
"""

import hashlib
import logging
import time
from pathlib import Path

from calibration.encoders import ENCODERS
from calibration.freed_memory import keep_freed_memory
from calibration.image_source import DecodeLimits
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile, default_profile
from gateway.allow_list import AllowList
from gateway.compression.audit.ledger import FirstEpoch, Ledger, Margins
from gateway.compression.backing_off import BackingOff, at_margin
from gateway.compression.compressor import Compressor
from gateway.compression.sanitizer import SANITIZER_VERSION, Sanitizer
from gateway.detection.alpha import AlphaDetector
from gateway.detection.combination import (
    DetectionCalibration,
    DetectionCalibrationError,
    load_calibration,
)
from gateway.detection.container import ContainerDetector
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.inspector import Inspector
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.ocr_process import OcrProcess, is_ocr_installed
from gateway.detection.protocol import Detector
from gateway.detection.query_series import QuerySeriesDetector
from gateway.detection.residual import ResidualDetector
from gateway.detection.scaling import ScalingDetector
from gateway.looks import Looks
from gateway.memory.cache import ByteBoundedCache
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPictureStore
from gateway.memory.seen_pictures import SeenPictures
from gateway.pipeline import Pipeline, Profiles
from gateway.policy import Policies
from gateway.providers.hosts import provider_of
from gateway.providers.rules import load_rules
from gateway.settings import Settings
from predictor.artifact import artifact_written, default_directory
from predictor.critic.content_credentials import ContentCredentials
from predictor.critic.file_critic import FileCritic
from predictor.critic.loading import find_critic
from predictor.critic.provenance import ProvenanceReader
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

log = logging.getLogger(__name__)


def load_pipeline(settings: Settings, seen: SeenPictureStore | None = None) -> Pipeline:
    """Load the artifact and every profile.

    Args:
        settings: All of them.
        seen: The memory of pictures that processes share; None: one of this process alone.

    Raises:
        ArtifactError: The predictor is missing or damaged.
        ProfileError: A profile cannot be read.
        LedgerError: What the shadow audit kept is damaged.
        DetectionCalibrationError: The calibration that the settings name cannot be used.
        AllowListError: The list of allowed pictures cannot be read.
        TrustAnchorsError: The list of trust holds no certificate.
        OSError: The list of trust cannot be read.
    """
    use_one_thread()
    keep_freed_memory()
    margins = _margins(settings)
    allowed = AllowList.of(settings)
    predictor = Predictor.load(settings.artifact)
    calibration = detection_calibration(predictor, settings.detection.calibration)
    profiles = Profiles(
        {model: profile_named(name) for model, name in settings.models.items()}, default_profile()
    )
    return Pipeline(
        inspector=Inspector(
            detectors(settings, predictor, seen),
            settings.policy.alpha,
            calibration,
        ),
        compressor=_compressor(settings, predictor, margins),
        profiles=profiles,
        limits=DecodeLimits(
            settings.limits.max_image_bytes, settings.limits.max_pixels, settings.limits.max_frames
        ),
        provider=provider_of(settings.upstream.provider, settings.upstream.base_url),
        artifact=predictor.version,
        written=artifact_written(settings.artifact or default_directory()),
        version=_version(settings, predictor, profiles, calibration),
        cache=ByteBoundedCache(settings.limits.cache_bytes),
        margins=margins,
        tier=settings.compression.tier,
        sanitizer=_sanitizer(settings),
        allowed=allowed,
        looks=_looks(settings),
    )


def profile_named(name: str) -> JndProfile:
    """Find a profile as `resolve_profile` does; log where nothing is known under that name.

    Raises:
        ProfileError: It is a path, and no readable profile is there.
    """
    profile = resolve_profile(name)
    if profile.source == "default":
        log.warning("nothing is known of %s: it is taken to see as well as people do", name)
    return profile


def detectors(
    settings: Settings, predictor: Predictor, seen: SeenPictureStore | None = None
) -> list[Detector]:
    """List the detectors every image meets, in the order in which their evidence is told."""
    limits = settings.limits
    found: list[Detector] = [
        ResidualDetector(predictor),
        ContainerDetector(),
        AlphaDetector(DecodeLimits(limits.max_image_bytes, limits.max_pixels, limits.max_frames)),
        ScalingDetector(load_rules()),
        HiddenTextDetector(OcrProcess() if is_ocr_installed() else None),
    ]
    if settings.near_duplicate.enabled:
        chosen = settings.near_duplicate
        own = SeenPictures[KeptPicture](
            chosen.max_entries, chosen.ttl_seconds, time.monotonic, max_bytes=chosen.max_bytes
        )
        memory = own if seen is None else seen  # not by its truth: an empty memory counts none
        # In this order: what is marked as a query is not remembered as a picture.
        found += [QuerySeriesDetector(memory), NearDuplicateDetector(predictor, memory)]
    return found


def detection_calibration(predictor: Predictor, file: Path | None) -> DetectionCalibration | None:
    """Read the calibration that the settings name; without one, detectors keep their own p-values.

    Raises:
        DetectionCalibrationError: The file cannot be read, or is of another artifact's detectors.
    """
    if file is None:
        return None
    found = load_calibration(file)
    if found.detectors != predictor.detectors:
        raise DetectionCalibrationError(f"{file} was made with the detectors of another artifact")
    return found


def _margins(settings: Settings) -> Margins:
    audit = settings.compression.shadow_audit
    return FirstEpoch() if audit.state is None else Ledger(audit.state)


def _compressor(settings: Settings, predictor: Predictor, margins: Margins) -> BackingOff | None:
    chosen = settings.compression
    if {chosen.mode, *(policy.compression for policy in settings.policies.values())} <= {"off", None}:
        return None
    rules = load_rules()

    def make(margin: float) -> Compressor:
        limits = at_margin(chosen.tier, chosen.max_probability, margin)
        return Compressor(predictor, rules, *limits, effort=chosen.effort)

    return BackingOff(make, margins)


def _looks(settings: Settings) -> Looks | None:
    """Load who judges how good pictures look, where the artifact has one."""
    anchors = settings.critique.trust_anchors
    credentials = ContentCredentials(b"" if anchors is None else anchors.read_bytes())
    critic = find_critic(settings.artifact)
    if critic is None:
        return None
    return Looks(FileCritic(critic, ProvenanceReader(credentials)), settings.critique.pictures)


def _sanitizer(settings: Settings) -> Sanitizer | None:
    """Load what sanitizing needs, where any policy may want it."""
    policies = Policies(settings)
    if not any(policy.may_sanitize for policy in policies.all):
        return None
    return Sanitizer(load_rules())


def _version(
    settings: Settings,
    predictor: Predictor,
    profiles: Profiles,
    calibration: DetectionCalibration | None,
) -> str:
    """Name everything an outcome depends on, beside the image, the model and what its sender sent before."""
    parts = [predictor.version, settings.policy.model_dump_json(), settings.compression.model_dump_json()]
    provider = provider_of(settings.upstream.provider, settings.upstream.base_url)
    parts += [provider, load_rules().version, repr(ENCODERS)]
    parts.append(SANITIZER_VERSION)
    parts += [settings.critique.pictures, str(settings.near_duplicate.enabled), profiles.default.to_json()]
    parts.append("" if calibration is None else calibration.json)
    parts += [f"{model}={profile.to_json()}" for model, profile in sorted(profiles.by_model.items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
