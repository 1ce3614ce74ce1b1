from pathlib import Path

import pytest

from calibration.critic.scores_file import read_scores

PICTURES = ["a.png", "b.png", "sub/c.png"]


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "scores.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_scores_and_attributes_are_read_by_picture(tmp_path: Path):
    path = write(
        tmp_path,
        "file,mos,sharpness,colourfulness,generated,votes\na.png,3.5,60,,yes,7\nsub/c.png,2,40,9,0,x\n",
    )

    found = read_scores(path, PICTURES)

    assert found.mos == {"a.png": 3.5, "sub/c.png": 2.0}
    assert found.attributes == {"sharpness": {"a.png": 60, "sub/c.png": 40}, "colorfulness": {"sub/c.png": 9}}
    assert found.generated == {"a.png": True, "sub/c.png": False}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("file;mos\na.png;1\n", "utf-8"),
        ("\ufeffFile\tMOS\r\na.png\t1\r\n", "utf-8"),
        ('image_name,x,score\n"images/a.png",2,1\n', "utf-8"),
    ],
)
def test_other_delimiters_headings_and_folders_are_understood(tmp_path: Path, text: str, encoding: str):
    assert read_scores(write(tmp_path, text, encoding), PICTURES).mos == {"a.png": 1.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected columns file and mos"),
        ("file,quality\na.png,1\n", "expected columns file and mos in .*, got file, quality"),
        ("file,mos\n", "a heading alone"),
        ("file,mos\na.png,good\n", "line 2: expected a number for mos, got 'good'"),
        ("file,mos\na.png,nan\n", "line 2: expected a number for mos, got 'nan'"),
        ("file,mos\na.png\n", "line 2: expected a number for mos, got ''"),
        ("file,mos\n,3\n", "line 2: expected the name of a picture"),
        ("file,mos\ny.png,1\nz.png,2\n", "line 2: y.png is not in the folder; line 3: z.png is not"),
        ("file,mos\na.png,1\na.png,2\n", "line 3: a.png was scored in line 2 already"),
        ("file,mos,sharpness\na.png,1,high\n", "line 2: expected a number for sharpness"),
        ("file,mos,generated\na.png,1,perhaps\n", "line 2: expected yes or no for generated"),
        ("file,mos\n" + "z.png,1\n" * 8, "z.png is not in the folder; and 3 more"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(ValueError, match=message):
        read_scores(write(tmp_path, text), PICTURES)


def test_rows_about_pictures_that_are_not_there_are_told_and_left_out(tmp_path: Path):
    path = write(tmp_path, "file,mos,generated\nz.png,9,yes\na.png,1,no\nother/y.png,7,\nz.png,8,\n")

    found = read_scores(path, PICTURES)

    assert found.mos == {"a.png": 1.0}
    assert found.generated == {"a.png": False}
    assert found.without_picture == ("z.png", "other/y.png", "z.png")


def test_a_picture_of_another_folder_is_not_taken_for_one_that_is_there(tmp_path: Path):
    path = write(tmp_path, "file,mos\nb/p.png,9\na/q.png,1\nset/a/r.png,2\n")

    found = read_scores(path, ["a/p.png", "a/q.png", "a/r.png"])

    assert found.mos == {"a/q.png": 1.0, "a/r.png": 2.0}
    assert found.without_picture == ("b/p.png",)


def test_a_name_that_several_pictures_have_is_told(tmp_path: Path):
    with pytest.raises(ValueError, match=r"line 2: c.png is 2 pictures: x/c.png, y/c.png"):
        read_scores(write(tmp_path, "file,mos\nc.png,1\n"), ["x/c.png", "y/c.png"])


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    path = tmp_path / "scores.csv"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ValueError, match="cannot read the scores"):
        read_scores(path, PICTURES)
    with pytest.raises(ValueError, match="cannot read the scores"):
        read_scores(tmp_path / "none.csv", PICTURES)
