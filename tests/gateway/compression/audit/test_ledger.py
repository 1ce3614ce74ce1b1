import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit import ledger as module
from gateway.compression.audit.ledger import FACTORS, Entry, FirstEpoch, Ledger, LedgerError

DAY = 86_400.0


def counted(ledger: Ledger, answers: int, *, changed: bool, model: str = "m") -> int:
    """Count answers until an epoch is raised; return how many that took, 0 if it was not."""
    for number in range(1, answers + 1):
        if ledger.record(model, ["photograph"], is_changed=changed, is_noise=False, promise=0.01):
            return number
    return 0


def test_answers_that_change_raise_the_epoch_of_their_model_and_class_alone(tmp_path: Path):
    ledger = Ledger(tmp_path)

    assert 1 < counted(ledger, 20, changed=True) < 10

    assert ledger.of("m", "photograph") == FACTORS[1]
    assert ledger.of("m", "screen") == ledger.of("other", "photograph") == 1.0
    assert ledger.version("m") == "photograph=1" and ledger.version("other") == ""
    assert ledger.entry("m", "photograph") == Entry(epoch=1)


def test_answers_that_stay_and_a_models_own_noise_raise_nothing(tmp_path: Path):
    ledger = Ledger(tmp_path)

    assert counted(ledger, 60, changed=False) == 0
    for number in range(60):
        ledger.record(
            "noisy", ["photograph"], is_changed=number % 6 == 0, is_noise=number % 6 == 1, promise=0.01
        )

    assert ledger.of("m", "photograph") == ledger.of("noisy", "photograph") == 1.0


def test_the_last_epoch_is_the_strictest_and_stays(tmp_path: Path):
    ledger = Ledger(tmp_path)

    for _ in FACTORS[1:]:
        assert counted(ledger, 20, changed=True)

    assert ledger.of("m", "photograph") == 0.0
    assert counted(ledger, 20, changed=True) == 0


def test_what_was_decided_is_known_after_a_restart_and_to_other_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    here = Ledger(tmp_path)
    program = (
        "import sys, pathlib\n"
        "from gateway.compression.audit.ledger import Ledger\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "for _ in range(5): ledger.record(\n"
        "    'm', ['photograph'], is_changed=True, is_noise=False, promise=.01)\n"
    )

    before = here.of("m", "photograph")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)

    assert before == 1.0 and here.of("m", "photograph") < 1.0
    assert Ledger(tmp_path).of("m", "photograph") == here.of("m", "photograph")


def test_writers_of_several_processes_lose_no_count(tmp_path: Path):
    program = (
        "import sys, pathlib\n"
        "from gateway.compression.audit.ledger import Ledger\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "for _ in range(25): ledger.record('m', ['a'], is_changed=False, is_noise=False, promise=.01)\n"
    )

    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]

    assert [process.wait() for process in running] == [0, 0, 0]
    assert Ledger(tmp_path).entry("m", "a").answers == 75


def test_the_budget_is_one_days_and_kept(tmp_path: Path):
    now = 10 * DAY
    ledger = Ledger(tmp_path, now=lambda: now)

    assert [ledger.spend(2, 5) for _ in range(3)] == [True, True, False]
    assert Ledger(tmp_path, now=lambda: now).budget_left(5) == 1
    now += DAY
    assert ledger.spend(2, 5) and ledger.budget_left(5) == 3


def test_made_up_models_cannot_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    ledger = Ledger(tmp_path)

    for number in range(6):
        counted(ledger, 1, changed=False, model=f"model {number}")

    assert len(json.loads((tmp_path / "shadow_audit.json").read_text())["entries"]) == 3


def test_a_file_that_was_damaged_meanwhile_leaves_the_margins_in_force_and_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    ledger = Ledger(tmp_path)
    counted(ledger, 20, changed=True)
    time.sleep(0.01)
    (tmp_path / "shadow_audit.json").write_text("{}")

    assert ledger.of("m", "photograph") == FACTORS[1] and "cannot be read" in caplog.text
    with pytest.raises(OSError, match="move it away"):
        ledger.spend(1, 10)
    assert (tmp_path / "shadow_audit.json").read_text() == "{}"
    with pytest.raises(LedgerError):
        Ledger(tmp_path)


@given(
    st.binary(max_size=40)
    | st.fixed_dictionaries({
        "day": st.text(max_size=3) | st.none(),
        "spent": st.integers() | st.floats(),
        "entries": st.lists(
            st.dictionaries(
                st.sampled_from(["model", "class", "epoch", "answers", "changed", "noise"]),
                st.text(max_size=2) | st.integers() | st.booleans(),
            ),
            max_size=2,
        ),
    }).map(lambda fields: json.dumps(fields).encode())
)  # fmt: skip
def test_any_bytes_are_a_ledger_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    folder = tmp_path_factory.mktemp("ledger")
    (folder / "shadow_audit.json").write_bytes(data)

    try:
        assert 0 <= Ledger(folder).of("m", "photograph") <= 1
    except LedgerError as error:
        assert "move it away" in str(error)


def test_where_nothing_is_audited_all_of_the_margin_is_used():
    assert FirstEpoch().of("m", "photograph") == 1.0 and FirstEpoch().version("m") == ""


class Together:
    """A text that machines share, while it can be reached."""

    def __init__(self) -> None:
        self.text = b""
        self.is_away = False
        self.forestalled = 0

    def read(self) -> bytes:
        if self.is_away:
            raise OSError("away")
        return self.text

    def swap(self, before: bytes, after: bytes) -> bool:
        if self.forestalled:
            self.forestalled -= 1
            return False
        if self.read() != before:
            return False
        self.text = after
        return True


def sharing(folder: Path, together: Together) -> Ledger:
    ledger = Ledger(folder)
    ledger.share(together)
    return ledger


def test_machines_count_together_and_hear_what_the_others_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    together = Together()
    one, other = (sharing(tmp_path / name, together) for name in ("one", "other"))
    answers = 0
    while one.of("m", "photograph") == 1.0:
        answers += 1
        (one, other)[answers % 2].record("m", ["photograph"], is_changed=True, is_noise=False, promise=0.01)
        assert answers < 12, "each alone would have to count so many"
    other.synchronise()

    assert other.version("m") == one.version("m") == "photograph=1"
    assert Ledger(tmp_path / "other").version("m") == "photograph=1", "it is kept"


def test_the_budget_of_a_day_is_that_of_all_machines(tmp_path: Path):
    together = Together()
    one, other = (sharing(tmp_path / name, together) for name in ("one", "other"))

    taken = [(one, other)[number % 2].spend(1, daily=5) for number in range(8)]

    assert taken == [True] * 5 + [False] * 3


def test_while_nothing_is_shared_a_machine_decides_by_itself_and_the_others_hear_of_it_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
    together = Together()
    one, other = (sharing(tmp_path / name, together) for name in ("one", "other"))
    together.is_away = True
    assert counted(one, 20, changed=True)
    one.synchronise()
    assert other.version("m") == ""
    together.is_away = False

    one.synchronise()
    other.synchronise()

    assert other.version("m") == "photograph=1"


def test_a_machine_that_was_forestalled_counts_again(tmp_path: Path):
    together = Together()
    ledger = sharing(tmp_path, together)
    together.forestalled = 2

    assert ledger.spend(1, daily=5)
    assert ledger.budget_left(5) == 4
    assert b'"spent": 1' in together.text


def test_what_nobody_understands_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    together = Together()
    together.text = b'{"version": 99, "epochs": "of the future"}'
    ledger = sharing(tmp_path, together)

    assert ledger.spend(1, daily=5)

    assert together.text.startswith(b'{"version": 99')
    assert "expected version 1, got 99" in caplog.text


def test_a_file_of_another_version_is_refused_with_both_numbers(tmp_path: Path):
    (tmp_path / "shadow_audit.json").write_text('{"version": 2, "day": "", "spent": 0, "entries": []}')

    with pytest.raises(LedgerError, match=r"expected version 1, got 2.*move it away"):
        Ledger(tmp_path)
