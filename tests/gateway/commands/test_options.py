import json
from pathlib import Path

import pytest
import typer

from calibration.image import ImageError
from gateway.commands.options import alpha_inside, print_lines, read_level, warn_of_unknown, with_progress
from gateway.offline import Line


def test_a_level_that_does_not_exist_is_bad_use():
    assert read_level("High") == "high"
    with pytest.raises(typer.BadParameter, match="expected a level of detail among low, medium, high"):
        read_level("sharp")


def test_a_provider_nobody_described_is_told_and_a_known_one_is_not(capsys: pytest.CaptureFixture[str]):
    warn_of_unknown("openai")
    assert capsys.readouterr().err == ""

    warn_of_unknown("opnai")
    assert "did you mean openai? Until then the rules of `other` apply." in capsys.readouterr().err


@pytest.mark.parametrize(("is_trouble", "code"), [(False, 0), (True, 1)])
def test_lines_are_printed_for_machines_or_people_and_trouble_is_the_exit_code(
    capsys: pytest.CaptureFixture[str], is_trouble: bool, code: int
):
    line = Line({"file": "ü.png"}, "ü.png: fine", is_trouble)

    for as_json in (True, False):
        with pytest.raises(typer.Exit) as ended:
            print_lines([line], as_json)
        assert ended.value.exit_code == code

    machine, person = capsys.readouterr().out.splitlines()
    assert (json.loads(machine), person) == ({"file": "ü.png"}, "ü.png: fine")


def test_no_name_of_a_file_begins_a_line_or_colours_one(capsys: pytest.CaptureFixture[str]):
    name = "a.png: clean\nb\x1b[31m\udcff.png"
    for as_json in (True, False):
        with pytest.raises(typer.Exit):
            print_lines([Line({"file": name}, f"{name}: flagged", True)], as_json)

    machine, person = capsys.readouterr().out.encode("utf-8").decode().splitlines()

    assert json.loads(machine) == {"file": name}
    assert person == r"a.png: clean\nb\x1b[31m\udcff.png: flagged"


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, float("nan")])
def test_a_false_alarm_rate_that_flags_nothing_or_everything_is_bad_use(alpha: float):
    assert alpha_inside(0.001) == 0.001
    with pytest.raises(typer.BadParameter, match="above 0 and below 1"):
        alpha_inside(alpha)


def test_what_of_a_folder_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "a.png").write_bytes(b"")
    list(with_progress([tmp_path]))
    assert capsys.readouterr().err == ""
    for name in ("scan.tiff", "noname", "line\nbreak.bmp"):
        (tmp_path / name).write_bytes(b"")

    assert list(with_progress([tmp_path])) == [tmp_path / "a.png"]

    told = capsys.readouterr().err
    assert "3 files" in told and told.endswith(r"left out: line\nbreak.bmp, noname, scan.tiff" + "\n")


def test_what_cannot_begin_is_bad_use_in_one_line(capsys: pytest.CaptureFixture[str]):
    def lines():
        raise ImageError("damaged", "the reference is damaged")
        yield

    with pytest.raises(typer.Exit) as ended:
        print_lines(lines(), as_json=True)

    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "jnd-gateway: the reference is damaged\n"


def test_a_folder_stands_for_the_pictures_below_it_without_what_is_written(tmp_path: Path):
    for name in ("b.PNG", "notes.txt", "deeper/a.jpg", "out/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    named = [tmp_path / "notes.txt", tmp_path, tmp_path / "missing.png"]

    found = list(with_progress(named, without=tmp_path / "out"))

    assert found == [named[0], tmp_path / "b.PNG", tmp_path / "deeper/a.jpg", named[2]]


def test_a_folder_without_pictures_is_bad_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit) as ended:
        with_progress([tmp_path])

    assert ended.value.exit_code == 2
    assert f"expected pictures (PNG, JPEG, WebP, GIF) below {tmp_path}, found none" in capsys.readouterr().err
