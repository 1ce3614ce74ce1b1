import pytest

from gateway.review.allowing import AllowFile

ONE, OTHER = "1" * 64, "2" * 64


def test_lines_of_other_people_stay_as_they_are(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"# ours\n\nSHA256:{OTHER}  logo.png\n")

    AllowFile(file).add(ONE, "7", "today")
    AllowFile(file).add(ONE, "8", "today")
    assert file.read_text() == f"# ours\n\nSHA256:{OTHER}  logo.png\n{ONE}  # flag 7, reviewed today\n"
    AllowFile(file).remove(ONE)

    assert file.read_text() == f"# ours\n\nSHA256:{OTHER}  logo.png\n"


def test_a_name_with_another_sign_for_a_new_line_stays_in_one(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"{OTHER}  logo\u2028of\u0085ours.png\n", encoding="utf-8")

    AllowFile(file).add(ONE, "7", "today")

    assert file.read_text(encoding="utf-8").split("\n")[0] == f"{OTHER}  logo\u2028of\u0085ours.png"


@pytest.mark.parametrize("note", ["logo.png", "# flag of the shop, reviewed", "# ours"])
def test_what_its_owner_allows_is_not_added_and_stays(tmp_path, note: str):
    file = tmp_path / "allowed"
    file.write_text(f"sha256:{ONE.upper()}  {note}\n")

    AllowFile(file).add(ONE, "7", "today")
    assert len(file.read_text().splitlines()) == 1
    AllowFile(file).remove(ONE)

    assert file.read_text() == f"sha256:{ONE.upper()}  {note}\n"
