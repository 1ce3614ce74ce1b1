from gateway.review.places import is_anything_kept
from gateway.review.store import ReviewStore
from gateway.settings import Review


def test_a_store_that_was_turned_off_is_still_known_by_its_folder(tmp_path):
    folder = tmp_path / "kept"
    off = Review(store="off", directory=folder)
    assert not is_anything_kept(off) and not is_anything_kept(Review())

    ReviewStore.open(folder).close()

    assert is_anything_kept(off) and is_anything_kept(Review(store="hashes", directory=folder))


def test_a_database_of_replicas_is_known_by_their_folder(tmp_path):
    url = "postgresql+psycopg://jnd@127.0.0.1/none"

    assert is_anything_kept(Review(store="off", directory=tmp_path, database_url=url))
    assert not is_anything_kept(Review(store="off", directory=tmp_path / "none", database_url=url))
