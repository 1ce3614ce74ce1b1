"""Where in the folder of the settings the store lies, for whoever asks without opening it."""

from pathlib import Path

from gateway.configuration.review import Review


def database_in(folder: Path) -> Path:
    """Return the file of the flags, where no server keeps them."""
    return folder / "flags.sqlite"


def pictures_in(folder: Path) -> Path:
    """Return the folder of the pictures."""
    return folder / "pictures"


def is_anything_kept(review: Review) -> bool:
    """Tell whether there is or was a store: what it holds has to be forgotten in time, also after `off`."""
    folder = review.directory
    if review.store != "off" or folder is None:
        return review.store != "off"
    is_elsewhere = review.database_url is not None and folder.is_dir()
    return is_elsewhere or database_in(folder).exists() or pictures_in(folder).exists()
