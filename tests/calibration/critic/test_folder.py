from dataclasses import replace
from pathlib import Path

import pytest

from calibration.critic.folder import CriticFolder, CriticSession
from calibration.directory import DirectoryError

SESSION = CriticSession(
    observer="openai:m",
    address="http://host/v1",
    longest_side=1024,
    is_opened=False,
    max_tokens=None,
    effort=None,
    thinking=None,
    pictures={"a.png": "11"},
    anchors=("a.png",),
)


def test_a_session_goes_on_with_more_pictures_and_keeps_the_old_ones_noted(tmp_path: Path):
    folder = CriticFolder(tmp_path / "out")
    folder.begin(SESSION)

    folder.begin(replace(SESSION, pictures={"b.png": "22"}, anchors=()))

    found = folder.read_session()
    assert found is not None
    assert found.pictures == {"a.png": "11", "b.png": "22"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"observer": "openai:n"}, "observer"),
        ({"address": "http://other/v1"}, "address"),
        ({"longest_side": 64}, "longest_side"),
        ({"is_opened": True}, "is_opened"),
        ({"pictures": {"a.png": "33"}}, "content of a.png"),
    ],
)
def test_a_folder_of_another_session_is_refused(tmp_path: Path, change: dict[str, object], named: str):
    folder = CriticFolder(tmp_path)
    folder.begin(SESSION)

    with pytest.raises(DirectoryError, match=f"other {named}"):
        folder.begin(replace(SESSION, **change))

    assert folder.read_session() == SESSION


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 7}'])
def test_a_damaged_description_is_told(tmp_path: Path, text: str):
    folder = CriticFolder(tmp_path)
    folder.session.write_text(text)

    with pytest.raises(DirectoryError, match=r"critic_session\.json"):
        folder.read_session()
