from typer.testing import CliRunner

from gateway.cli import app


def run(*arguments):
    return CliRunner().invoke(app, ["calibrate-detection", *map(str, arguments)])


def test_its_help_warns_of_pictures_that_nobody_looked_at():
    result = run("--help")

    assert result.exit_code == 0
    assert "Curate the folder" in result.stdout


def test_a_folder_without_pictures_is_bad_use(tmp_path):
    result = run("--images", tmp_path, "--out", tmp_path / "own.json", "--workers", "1")

    assert result.exit_code == 2
    assert "jnd-gateway:" in result.stderr
    assert not (tmp_path / "own.json").exists()
