"""A real Ray, on this machine: one node, two nodes, and what happens when one of them dies."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from calibration.cluster import ClusterError, RayAsker
from calibration.observers.options import ObserverOptions
from calibration.observers.select import build_observer
from calibration.questions import DifferenceQuestion
from calibration.session.asking import Asker, asker_for
from calibration.session.plan import SessionPlan
from calibration.session.references import find_references
from calibration.session.run import Progress, run_session
from calibration.stimuli.registry import select_distortions
from calibration.trials import Trial, TrialLog

SLOW = "python:slow_cluster_observer:factory"
PLUGIN = """
import os, time
from calibration.questions import IDENTICAL_PROMPT

class Slow:
    name = "slow"

    def answer(self, prompt, images):
        open(f"{FOLDER}/{os.getpid()}", "w").close()
        while len(os.listdir(FOLDER)) < 2:  # both workers are to take part
            time.sleep(0.01)
        time.sleep(0.01)
        first, second = (image.tobytes() for image in images)
        return "Yes" if (first == second) == (prompt == IDENTICAL_PROMPT) else "No"

def factory():
    return Slow()
"""


@pytest.fixture
def two_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A head and a second node of one CPU each, and a slow plug-in that tells which processes it ran in."""
    (tmp_path / "pids").mkdir()
    (tmp_path / "slow_cluster_observer.py").write_text(f"FOLDER = {str(tmp_path / 'pids')!r}\n{PLUGIN}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    nodes.wait_for_nodes()
    ray.init(address=nodes.address, log_to_driver=False)
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def workers_seen(folder: Path) -> set[int]:
    """Processes the plug-in answered in, this one left out."""
    return {int(path.name) for path in (folder / "pids").iterdir()} - {os.getpid()}


def plan_for(folder: Path, queries: int) -> SessionPlan:
    return SessionPlan(
        references=find_references(folder, 0),
        distortions=select_distortions("blur,noise"),
        question=DifferenceQuestion(),
        procedure="adaptive",
        queries_per_threshold=queries,
        seed=0,
        wave=4,
    )


def trials_of(asker: Asker, plan: SessionPlan, log: Path, progress: Progress | None = None) -> list[Trial]:
    with TrialLog(log) as opened:
        assert run_session(asker, plan, opened, progress or [].append, stimulus_side=64)
        return sorted(opened.trials, key=lambda trial: trial.id)


def facts(trials: list[Trial]) -> list[tuple[object, ...]]:
    return [(t.id, t.stimulus, t.polarity, t.order, t.noticed, t.reply) for t in trials]


def run_and_kill(spec: str, plan: SessionPlan, log: Path, kill) -> list[Trial]:
    """Run on the cluster; call `kill` once, when a third of the answers are there."""
    answered = 0

    def watch(count: int) -> None:
        nonlocal answered, kill
        answered += count
        if kill is not None and answered >= plan.queries_per_threshold * 2 / 3:
            kill()
            kill = None

    asker = RayAsker(spec, ObserverOptions(workers=4))
    trials = trials_of(asker, plan, log, watch)
    asker.close()
    assert kill is None
    return trials


def test_a_node_killed_mid_run_costs_no_trial(two_nodes: Cluster, photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, 40)
    second = next(node for node in two_nodes.worker_nodes)

    there = run_and_kill(
        SLOW, plan, tmp_path / "there.jsonl", lambda: two_nodes.remove_node(second, allow_graceful=False)
    )

    here = trials_of(asker_for(build_observer(SLOW)), plan, tmp_path / "here.jsonl")
    assert len(workers_seen(tmp_path)) == 2
    assert facts(there) == facts(here)


@pytest.mark.usefixtures("two_nodes")
def test_a_worker_killed_mid_run_costs_no_trial(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, 40)

    def kill_one() -> None:
        os.kill(workers_seen(tmp_path).pop(), signal.SIGKILL)

    there = run_and_kill(SLOW, plan, tmp_path / "there.jsonl", kill_one)

    here = trials_of(asker_for(build_observer(SLOW)), plan, tmp_path / "here.jsonl")
    assert len(workers_seen(tmp_path)) >= 2
    assert facts(there) == facts(here)


@pytest.mark.usefixtures("two_nodes")
def test_an_observer_that_no_worker_can_open_is_told():
    with pytest.raises(ClusterError, match="cannot import nowhere"):
        RayAsker("python:nowhere:factory", ObserverOptions(workers=2))
