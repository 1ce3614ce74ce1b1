"""Part one_shot: transferred noise, every attack at several bounds and codecs, on networks of the data."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from detection_bench import Bench, Case, Pixels, pooled, resized
from detection_benign_encodings import encodings, png
from detection_floors import ONE_SHOT, against
from detection_networks import NAMES, Network, Tower, climb, like, pixels_of, tensor, towards, untargeted

from calibration.image import Image, decode, encode_jpeg

EPS = (2, 4, 8, 16)
_L2 = ("foolbox deepfool", "foolbox cw")  # they reach their bound in one value only
_SIDES = (256, 320, 448)
_LESSONS = 24


@dataclass
class Attacker:
    """Networks, read when first needed, and pictures that universal noise is learned from."""

    bench: Bench

    def __post_init__(self) -> None:
        self._read: dict[str, Network] = {}
        self._universal: dict[tuple[str, int, int], npt.NDArray[np.float32]] = {}

    def network(self, name: str) -> Network:
        if name not in self._read:
            self._read[name] = Network(self.bench.data / "models", name)
        return self._read[name]

    @cached_property
    def tower(self) -> Tower:
        return Tower()

    def universal(self, name: str, eps: int, side: int) -> npt.NDArray[np.float32]:
        """Return one perturbation for all pictures, by signed steps over lessons (Shafahi et al. 2020)."""
        if (name, eps, side) not in self._universal:
            network = self.network(name)
            lessons = [tensor(resized(one, side, side)) for one in self.bench.lessons(_LESSONS)]
            delta = torch.zeros_like(lessons[0])
            for _ in range(3):
                for lesson in lessons:
                    moved = climb(
                        lesson,
                        untargeted(network, lesson),
                        eps=eps / 255,
                        steps=1,
                        stride=eps / 1020,
                        start=delta,
                    )
                    delta = (moved - lesson).clamp(-eps / 255, eps / 255)
            self._universal[name, eps, side] = (delta[0].permute(1, 2, 0) * 255).numpy()
        return self._universal[name, eps, side]


Make = Callable[[Attacker, Pixels, Pixels, str, int], Pixels]


def _climbing(steps: int, share: float, momentum: float = 0.0, *, starts_anywhere: bool = False) -> Make:
    def make(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
        network, clean = attacker.network(name), tensor(pixels)
        start = (torch.rand_like(clean) * 2 - 1) * eps / 255 if starts_anywhere else None
        found = climb(clean, untargeted(network, clean), eps=eps / 255, steps=steps, stride=share * eps / 255,
                      momentum=momentum, start=start)  # fmt: skip
        return pixels_of(found, pixels, eps)

    return make


def _targeted(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
    network, clean = attacker.network(name), tensor(pixels)
    found = climb(
        clean, towards(network, int(pixels.sum()) % 1000), eps=eps / 255, steps=12, stride=eps / 1275
    )
    return pixels_of(found, pixels, eps)


def _features(attacker: Attacker, pixels: Pixels, other: Pixels, name: str, eps: int) -> Pixels:
    """Make the logits' whole vector resemble another picture's, not one class."""
    loss = like(attacker.network(name), tensor(other))
    return pixels_of(climb(tensor(pixels), loss, eps=eps / 255, steps=16, stride=eps / 2040), pixels, eps)


def _encoder(attacker: Attacker, pixels: Pixels, other: Pixels, _: str, eps: int) -> Pixels:
    loss = like(attacker.tower, tensor(other))
    return pixels_of(climb(tensor(pixels), loss, eps=eps / 255, steps=20, stride=eps / 2040), pixels, eps)


def _universal(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
    noise = attacker.universal(name, eps, pixels.shape[0])
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def _foolbox(attack_name: str, **options: object) -> Make:
    def make(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
        import foolbox  # type: ignore[import-not-found]  # noqa: PLC0415 - may be missing

        network, clean = attacker.network(name), tensor(pixels)
        model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
        attack = getattr(foolbox.attacks, attack_name)(**options)
        with torch.no_grad():
            label = network(clean).argmax(dim=1)
        raw, _found, _worked = attack(model, clean, label, epsilons=eps / 255)
        return pixels_of(raw, pixels, eps)

    return make


def _smallest(attack_name: str, **options: object) -> Make:
    """Find the smallest change in L2, then scale it until its largest value is `eps`."""

    def make(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
        import foolbox  # noqa: PLC0415

        network, clean = attacker.network(name), tensor(pixels)
        model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
        with torch.no_grad():
            label = network(clean).argmax(dim=1)
        _, found, _ = getattr(foolbox.attacks, attack_name)(**options)(model, clean, label, epsilons=None)
        change = found - clean
        return pixels_of(clean + change * (eps / 255 / change.abs().max().clamp(min=1e-6)), pixels, eps)

    return make


def _apgd(attacker: Attacker, pixels: Pixels, _: Pixels, name: str, eps: int) -> Pixels:
    from art.attacks.evasion import AutoProjectedGradientDescent  # type: ignore[import-not-found]  # noqa: PLC0415
    from art.estimators.classification import PyTorchClassifier  # type: ignore[import-not-found]  # noqa: PLC0415

    network, clean = attacker.network(name), tensor(pixels)
    shape = tuple(clean.shape[1:])
    model = PyTorchClassifier(
        network, torch.nn.CrossEntropyLoss(), shape, 1000, clip_values=(0, 1), device_type="cpu"
    )
    attack = AutoProjectedGradientDescent(
        model, eps=eps / 255, eps_step=eps / 510, max_iter=15, nb_random_init=1, verbose=False
    )
    found = attack.generate(clean.numpy(), np.eye(1000, dtype=np.float32)[[int(network(clean).argmax())]])
    return pixels_of(torch.from_numpy(found), pixels, eps)


FAMILIES: dict[str, Make] = {
    "fgsm": _climbing(1, 1.0),
    "pgd": _climbing(10, 0.25, starts_anywhere=True),
    "mi": _climbing(10, 0.1, 1.0),
    "targeted pgd": _targeted,
    "feature matching": _features,
    "embedded tower": _encoder,
    "universal": _universal,
    "foolbox pgd": _foolbox("LinfPGD", steps=10),
    "foolbox deepfool": _smallest("L2DeepFoolAttack", steps=15),
    "foolbox cw": _smallest("L2CarliniWagnerAttack", steps=25, binary_search_steps=2, stepsize=0.02),
    "art apgd": _apgd,
}


def judged(network: Network, clean: Pixels, case: Case) -> Case:
    """Say whether what is sent changes the network's answer, also after canonical re-encoding."""
    today = network.label(clean)
    sent = decode(case.data).image
    canonical = decode(encode_jpeg(Image(sent.pixels), 75)).image
    return replace(
        case,
        has_worked=network.label(sent.pixels) != today,
        survives=network.label(canonical.pixels) != today,
    )


def measure(bench: Bench) -> dict[str, object]:
    """Attack, store, judge."""
    missing: list[str] = []
    rows = bench.measure(_cases(bench, missing), is_attack=True)
    groups = {}
    for codec in ("png", "jpeg 95", "jpeg 90", "jpeg 75", "webp 90", "resized .75"):
        for eps in EPS:
            end = f"eps {eps} {codec}"
            chosen = {
                cell: row
                for cell, row in rows.items()
                if cell.endswith(end) and "universal" not in cell and "also" not in cell
            }
            if chosen:
                groups[end] = pooled(chosen)
    return {"left_out": missing, "floors": _floors(rows), "pooled": groups, "rows": rows}


def _floors(rows: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Compare L-infinity noise of all families together with its floors, universal noise with its own."""
    groups = {}
    for name in ONE_SHOT:
        is_universal = name.startswith("universal")
        groups[name] = pooled(
            {
                cell: row
                for cell, row in rows.items()
                if cell.endswith(name)
                and cell.startswith("universal") == is_universal
                and not cell.startswith(("also", *_L2))
            }
        )
    return against(ONE_SHOT, groups)


def squares(bench: Bench, count: int, turn: int) -> Iterator[tuple[str, Pixels]]:
    """Cut test photographs to squares of several sides, others for every turn."""
    photographs = bench.photographs(300)
    for number in range(count):
        name, pixels = photographs[(17 * turn + number) % len(photographs)]
        side = min(pixels.shape[:2])
        cut = resized(np.ascontiguousarray(pixels[:side, :side]), *(_SIDES[number % 3],) * 2)
        yield name, cut


def _cases(bench: Bench, missing: list[str]) -> Iterator[Case]:
    attacker = Attacker(bench)
    torch.manual_seed(12)
    for turn, (family, make) in enumerate(FAMILIES.items()):
        for eps in EPS:
            if bench.only not in f"{family} eps {eps}":
                continue
            try:
                made = list(_made(attacker, family, make, eps, turn))
            except ImportError as error:
                missing.append(f"{family}: {error.name}")
                break
            for codec in range(6):
                for name, network, clean, pixels in made:
                    kind, data = list(encodings(pixels))[codec]
                    also = f"also {network} eps {eps} {kind}"
                    case = Case(f"{family} eps {eps} {kind}", name, data, also=also)
                    yield judged(attacker.network(network), clean, case)


def _made(
    attacker: Attacker, family: str, make: Make, eps: int, turn: int
) -> Iterator[tuple[str, str, Pixels, Pixels]]:
    folder = attacker.bench.cache
    chosen = list(squares(attacker.bench, attacker.bench.count, turn))
    for number, (name, clean) in enumerate(chosen):
        network = NAMES[number % len(NAMES)]
        file = None if folder is None else folder / f"{family} {eps} {name} {clean.shape[0]} {network}.png"
        if file is not None and file.exists():
            yield name, network, clean, decode(file.read_bytes()).image.pixels
            continue
        other = resized(chosen[(number + 1) % len(chosen)][1], clean.shape[1], clean.shape[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # foolbox and ART warn of their own insides
            pixels = make(attacker, clean, other, network, eps)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(pixels))
        yield name, network, clean, pixels
