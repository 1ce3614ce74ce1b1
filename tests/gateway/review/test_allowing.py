from gateway.review.allowing import AllowFile

ONE, OTHER = "1" * 64, "2" * 64


def test_lines_of_other_people_stay_as_they_are(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"# ours\n\nSHA256:{OTHER}  logo.png\n")

    AllowFile(file).add(ONE, "flag 7,\nreviewed")
    AllowFile(file).add(ONE, "again")
    assert file.read_text() == f"# ours\n\nSHA256:{OTHER}  logo.png\n{ONE}  # flag 7, reviewed\n"
    AllowFile(file).remove(ONE)

    assert file.read_text() == f"# ours\n\nSHA256:{OTHER}  logo.png\n"


def test_what_the_settings_file_allows_already_is_not_added_and_can_be_removed(tmp_path):
    file = tmp_path / "allowed"
    file.write_text(f"sha256:{ONE.upper()}  logo.png\n")

    AllowFile(file).add(ONE, "flag")
    assert len(file.read_text().splitlines()) == 1
    AllowFile(file).remove(ONE)

    assert file.read_text() == ""
