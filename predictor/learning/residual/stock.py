"""Make the pictures the residual detector learns from in background processes, while its network trains.

Every batch has its own seed, so the number of processes changes the time and nothing else. Training only.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import cv2
import numpy as np

from predictor.learning.residual.bank import AttackedPicture, Victim, build_bank
from predictor.learning.residual.benign_pictures import treat, treat_hard
from predictor.learning.residual.pictures import NamedTreatment, Pixels, make_benign, make_twins
from predictor.learning.residual.reencoding_training import calibrate_judge, train_judge
from predictor.learning.residual.samples import Sample, take_sample, take_samples
from predictor.residual.reencoding import ReencodingJudge

Result = TypeVar("Result")
_CHUNKS = 4


@dataclass(frozen=True, eq=False)
class Stock:
    """Source pictures: two disjoint training pools, the calibration pool, and the attacked ones of each."""

    for_network: list[Pixels]
    for_trees: list[Pixels]
    for_calibration: list[Pixels]
    network_bank: list[AttackedPicture]  # of the pictures of its own pool, so that no picture serves twice
    tree_bank: list[AttackedPicture]


@dataclass(frozen=True, eq=False)
class Orders:
    """Samples on their way, in batches."""

    network: list["Future[list[Sample]]"]
    trees: list["Future[list[Sample]]"]
    extra: list["Future[list[Sample]]"]  # benign pictures beyond the twins, for the trees
    hard: list["Future[list[Sample]]"]  # the same, of the kinds that look most like a perturbation
    benign: list["Future[list[Sample]]"]
    judge: "Future[ReencodingJudge]"


def build_banks(
    pools: Sequence[list[Pixels]], victims: list[Victim], *, rounds: int, workers: int, seed: int
) -> list[list[AttackedPicture]]:
    """Attack pictures of each pool, a round at a time, so that the processes share the work."""
    _grounds[:] = [(list(pools), victims)]  # networks cannot be pickled: a forked process inherits them
    context = get_context("fork")
    executor: Executor = _Here() if workers <= 1 else ProcessPoolExecutor(workers, mp_context=context)
    seeds = iter(np.random.SeedSequence(seed).spawn(len(pools) * rounds))
    with executor:
        made = [
            [executor.submit(_round, index, next(seeds)) for _ in range(rounds)]
            for index in range(len(pools))
        ]
        banks = [[entry for future in futures for entry in future.result()] for futures in made]
    _grounds.clear()
    return banks


def taken(futures: list["Future[list[Sample]]"]) -> Iterator[Sample]:
    """Yield the samples of all batches in order; the list is emptied, so that no batch stays in memory."""
    while futures:
        yield from futures.pop(0).result()


@contextmanager
def ordered(
    stock: Stock,
    *,
    network_twins: int,
    tree_twins: int,
    tree_benign_each: int,
    tree_hard_each: int,
    benign_each: int,
    judge_pictures: int,
    judge_each: int,
    workers: int,
    seed: int,
) -> Iterator[Orders]:
    """Start making all samples; `workers` of 1 makes each batch when it is asked for."""
    executor: Executor = _Here() if workers <= 1 else _forked(stock, workers)
    seeds = iter(np.random.SeedSequence(seed).spawn(5 * _CHUNKS + 1))
    _remember(stock)
    with executor:
        yield Orders(
            network=[executor.submit(_twins_for_network, n, next(seeds)) for n in _shares(network_twins)],
            trees=[executor.submit(_twins_for_trees, n, next(seeds)) for n in _shares(tree_twins)],
            extra=[executor.submit(_extra, start, tree_benign_each, next(seeds)) for start in range(_CHUNKS)],
            benign=[executor.submit(_benign, start, benign_each, next(seeds)) for start in range(_CHUNKS)],
            judge=executor.submit(_judge, judge_pictures, judge_each, next(seeds)),
            hard=[executor.submit(_hard, start, tree_hard_each, next(seeds)) for start in range(_CHUNKS)],
        )


class _Here(Executor):
    """Runs each call in the caller's process, when its result is asked for."""

    def submit(self, call: Callable[..., Result], /, *args: object, **named: object) -> "Future[Result]":
        return _Later(lambda: call(*args, **named))


class _Later(Future[Result]):
    def __init__(self, call: Callable[[], Result]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> Result:
        if not self.done():
            self.set_result(self._call())
        return super().result(timeout)


_grounds: list[tuple[list[list[Pixels]], list[Victim]]] = []
_stock: list[Stock] = []  # what a forked process inherits: pixels are never pickled


def _round(index: int, seed: np.random.SeedSequence) -> list[AttackedPicture]:
    cv2.setNumThreads(1)
    pools, victims = _grounds[0]
    return build_bank(pools[index], victims, rounds=1, rng=np.random.default_rng(seed))


def _remember(stock: Stock) -> None:
    cv2.setNumThreads(1)
    _stock[:] = [stock]


def _forked(stock: Stock, workers: int) -> Executor:
    return ProcessPoolExecutor(
        workers, mp_context=get_context("fork"), initializer=_remember, initargs=(stock,)
    )


def _shares(total: int) -> list[int]:
    return [len(part) for part in np.array_split(np.arange(total), _CHUNKS)]


def _twins_for_network(count: int, seed: np.random.SeedSequence) -> list[Sample]:
    stock = _stock[0]
    return take_samples(make_twins(stock.for_network, stock.network_bank, count, np.random.default_rng(seed)))


def _twins_for_trees(count: int, seed: np.random.SeedSequence) -> list[Sample]:
    stock = _stock[0]
    return take_samples(make_twins(stock.for_trees, stock.tree_bank, count, np.random.default_rng(seed)))


def _extra(start: int, each: int, seed: np.random.SeedSequence) -> list[Sample]:
    return _benign_samples(_stock[0].for_trees[start::_CHUNKS], each, treat, seed)


def _hard(start: int, each: int, seed: np.random.SeedSequence) -> list[Sample]:
    return _benign_samples(_stock[0].for_trees[start::_CHUNKS], each, treat_hard, seed)


def _benign(start: int, each: int, seed: np.random.SeedSequence) -> list[Sample]:
    return _benign_samples(_stock[0].for_calibration[start::_CHUNKS], each, treat, seed)


def _benign_samples(
    pool: list[Pixels], each: int, treatment: NamedTreatment, seed: np.random.SeedSequence
) -> list[Sample]:
    pictures = make_benign(pool, each, np.random.default_rng(seed), treatment)
    return [take_sample(pixels, codec, is_attacked=False) for pixels, codec, _ in pictures]


def _judge(pictures: int, each: int, seed: np.random.SeedSequence) -> ReencodingJudge:
    """Train the judge of re-encodings, which shares nothing but the pictures."""
    stock, rng = _stock[0], np.random.default_rng(seed)
    trees = train_judge(stock.for_trees[:pictures], stock.tree_bank, each=4, rng=rng)
    return calibrate_judge(trees, stock.for_calibration, each=each, rng=rng)
