"""The same observer must get the same threshold however it puts its answers."""

from pathlib import Path

import pytest

from calibration.assessment import Assessment, assess
from calibration.observers.simulated import SimulatedObserver
from calibration.psychometric import PsychometricFunction
from calibration.questions import DifferenceQuestion, PairQuestion, PaperQuestion
from calibration.session.asking import asker_for
from calibration.session.plan import SessionPlan, wave_for
from calibration.session.references import find_references
from calibration.session.run import run_session
from calibration.stimuli.registry import select_distortions
from calibration.trials import TrialLog
from tests.calibration.replies.chatty import Chatty

OBSERVER = PsychometricFunction(3.6, 3, 0.02, 0.02)


def measure(observer: SimulatedObserver, question: PairQuestion, folder: Path, log: Path) -> Assessment:
    plan = SessionPlan(
        references=find_references(folder, 1),
        distortions=select_distortions("blur"),
        question=question,
        procedure="adaptive",
        queries_per_threshold=40,
        seed=1,
        wave=wave_for("adaptive", 1),
    )
    with TrialLog(log) as trials:
        run_session(asker_for(observer), plan, trials, [].append, stimulus_side=64)
        return assess(trials.trials)["blur"]


@pytest.mark.parametrize("question", [DifferenceQuestion(), PaperQuestion("direct")])
def test_an_observer_that_explains_itself_has_the_threshold_of_one_that_does_not(
    photo_folder: Path, tmp_path: Path, question: PairQuestion
):
    terse = measure(SimulatedObserver(OBSERVER), question, photo_folder, tmp_path / "terse.jsonl")
    chatty = measure(Chatty(OBSERVER), question, photo_folder, tmp_path / "chatty.jsonl")

    assert chatty.threshold == terse.threshold
    assert chatty.threshold.status == "measured"
    assert all(trial.noticed is not None for trial in chatty.trials)
    assert chatty.fit is not None
    assert chatty.fit.interval[0] <= OBSERVER.threshold <= chatty.fit.interval[1]
