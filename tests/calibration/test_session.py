from pathlib import Path

import numpy as np
import pytest

from calibration.image import encode_png
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.simulated import SimulatedObserver, parse_simulated
from calibration.questions import DifferenceQuestion
from calibration.session import (
    SessionError,
    SessionPlan,
    count_trials,
    find_references,
    render_pair,
    run_session,
)
from calibration.stimuli.registry import select_distortions
from calibration.trials import Trial, TrialLog, read_trials


def plan_for(
    folder: Path, queries: int = 10, distortions: str = "blur,jpeg,noise", seed: int = 0
) -> SessionPlan:
    return SessionPlan(
        references=find_references(folder, seed),
        distortions=select_distortions(distortions),
        question=DifferenceQuestion(),
        procedure="adaptive",
        queries_per_threshold=queries,
        seed=seed,
    )


def run(observer, plan: SessionPlan, path: Path) -> list[Trial]:
    with TrialLog(path) as log:
        run_session(observer, plan, log, [].append)
        return list(log.trials)


class Recording(SimulatedObserver):
    """Remembers what it was shown."""

    def ask(self, queries):
        self.seen.extend(queries)
        return super().ask(queries)


class Dying(SimulatedObserver):
    """Gives up after some batches."""

    def ask(self, queries):
        self.left.pop()
        if not self.left:
            raise ObserverError("the connection broke")
        return super().ask(queries)


def with_fields(observer, **fields):
    for name, value in fields.items():
        object.__setattr__(observer, name, value)
    return observer


def without_seconds(trials: list[Trial]) -> list[dict[str, object]]:
    return [{**vars(trial), "seconds": 0} for trial in trials]


def test_every_distortion_gets_its_queries_once(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder)

    trials = run(parse_simulated(""), plan, tmp_path / "trials.jsonl")

    assert len(trials) == count_trials(plan) == 30
    assert len({trial.id for trial in trials}) == 30
    assert [t.index for t in trials if t.stimulus.distortion == "jpeg"] == list(range(10))


def test_a_fifth_of_the_pairs_is_identical_and_both_orders_and_polarities_occur(
    photo_folder: Path, tmp_path: Path
):
    trials = run(parse_simulated(""), plan_for(photo_folder, queries=20), tmp_path / "trials.jsonl")

    assert sum(trial.is_catch for trial in trials) == 12
    assert {trial.order for trial in trials} == {"reference_first", "distorted_first"}
    assert {trial.polarity for trial in trials} == {"different", "identical"}


def test_the_observer_sees_what_the_log_says(photo_folder: Path, tmp_path: Path):
    observer = with_fields(Recording(parse_simulated("").function), seen=[])
    plan = plan_for(photo_folder)

    trials = run(observer, plan, tmp_path / "trials.jsonl")

    for query, trial in zip(observer.seen, trials, strict=True):
        distortion = select_distortions(trial.stimulus.distortion)[0]
        reference, distorted = render_pair(trial.stimulus, distortion, plan.references, 64)
        expected = [reference, distorted] if trial.order == "reference_first" else [distorted, reference]
        assert [a.pixels.tobytes() for a in query.images] == [b.pixels.tobytes() for b in expected]
        assert (reference.width, reference.height) == (64, 64)
        assert (
            trial.is_catch == (reference.pixels.tobytes() == distorted.pixels.tobytes()) or not trial.is_catch
        )


@pytest.mark.parametrize("batches", [1, 3, 8])
def test_a_run_cut_short_goes_on_as_if_it_had_not_been(photo_folder: Path, tmp_path: Path, batches: int):
    whole = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "whole.jsonl")
    dying = with_fields(Dying(parse_simulated("").function), left=[None] * (batches + 1))
    with pytest.raises(ObserverError):
        run(dying, plan_for(photo_folder), tmp_path / "cut.jsonl")
    cut = read_trials(tmp_path / "cut.jsonl")

    resumed = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "cut.jsonl")

    assert len(cut) == 3 * batches
    assert resumed[: len(cut)] == cut
    assert without_seconds(resumed) == without_seconds(whole)


def test_a_batch_half_on_disk_is_completed_without_asking_twice(photo_folder: Path, tmp_path: Path):
    whole = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "trials.jsonl")
    lines = (tmp_path / "trials.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "trials.jsonl").write_text("".join(lines[:10]) + lines[10][:50])

    resumed = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "trials.jsonl")

    assert sorted(t.id for t in resumed) == sorted(t.id for t in whole)
    assert {t.id: t.noticed for t in resumed} == {t.id: t.noticed for t in whole}


def test_asking_for_more_queries_extends_a_finished_run(photo_folder: Path, tmp_path: Path):
    short = run(parse_simulated(""), plan_for(photo_folder, queries=5), tmp_path / "trials.jsonl")

    longer = run(parse_simulated(""), plan_for(photo_folder, queries=10), tmp_path / "trials.jsonl")

    assert longer[: len(short)] == short
    assert len(longer) == 2 * len(short)


def test_another_seed_shows_other_stimuli(photo_folder: Path, tmp_path: Path):
    first, second = (
        run(parse_simulated(""), plan_for(photo_folder, seed=seed), tmp_path / f"{seed}.jsonl")
        for seed in (0, 1)
    )

    assert [t.stimulus.seed for t in first] != [t.stimulus.seed for t in second]


def test_an_unreadable_reply_is_logged_and_not_counted(photo_folder: Path, tmp_path: Path):
    class Mumbling(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("??") for _ in queries]

    trials = run(Mumbling(parse_simulated("").function), plan_for(photo_folder, 5), tmp_path / "trials.jsonl")

    assert {(t.noticed, t.reply_class) for t in trials} == {(None, "gibberish")}


def test_a_probability_of_yes_is_logged_as_one_of_different(photo_folder: Path, tmp_path: Path):
    class Knowing(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("Yes", 0.9, is_first_token=True) for _ in queries]

    trials = run(Knowing(parse_simulated("").function), plan_for(photo_folder, 10), tmp_path / "trials.jsonl")

    for trial in trials:
        assert trial.probability == pytest.approx(0.9 if trial.polarity == "different" else 0.1)
        assert trial.noticed is (trial.polarity == "different")


def test_unreadable_images_are_left_out_and_told(photo_folder: Path):
    (photo_folder / "empty.png").write_bytes(b"")
    (photo_folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (photo_folder / "notes.txt").write_text("not a picture at all")

    references = find_references(photo_folder, seed=0)

    assert references.names == ("0.png", "1.png", "2.png")
    assert [skipped.split(":")[0] for skipped in references.skipped] == ["empty.png", "torn.jpg"]


def test_pictures_in_subfolders_are_found(photo_folder: Path):
    (photo_folder / "more").mkdir()
    (photo_folder / "0.png").rename(photo_folder / "more" / "0.png")

    assert "more/0.png" in find_references(photo_folder, seed=0).names


@pytest.mark.parametrize("content", [{}, {"a.png": b"junk"}, {"a.txt": b"text"}])
def test_a_folder_without_a_readable_image_is_refused(tmp_path: Path, content: dict[str, bytes]):
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)

    with pytest.raises(SessionError, match="no readable image"):
        find_references(tmp_path, seed=0)


def test_a_missing_folder_is_refused(tmp_path: Path):
    with pytest.raises(SessionError, match="expected a folder"):
        find_references(tmp_path / "none", seed=0)


def test_images_of_any_shape_are_shown_as_squares(tmp_path: Path, texture):
    wide = np.tile(texture(0).pixels, (1, 3, 1))
    (tmp_path / "wide.png").write_bytes(encode_png(type(texture(0))(wide)))

    shown = find_references(tmp_path, seed=0).load("wide.png", 48)

    assert (shown.width, shown.height) == (48, 48)
