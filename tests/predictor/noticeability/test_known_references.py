import gc

import numpy as np
from skimage import data

from calibration.image import Image
from calibration.profile import default_profile
from predictor.noticeability.known_references import KnownReferences
from predictor.views import Viewer

PHOTO = Image(data.astronaut())
GREY = Image(np.full((512, 512, 3), 128, np.uint8))


def test_a_reference_is_measured_once_for_all_its_candidates():
    viewer, references = Viewer(PHOTO, default_profile()), KnownReferences()

    first, second = (references.measures_of(viewer.views(candidate)[0].seen) for candidate in (PHOTO, GREY))

    assert first is second


def test_two_references_are_told_apart():
    references = KnownReferences()
    photo, grey = (Viewer(each, default_profile()).views(each)[0].seen for each in (PHOTO, GREY))

    assert references.measures_of(photo) is not references.measures_of(grey)


def test_measures_go_with_the_view_they_are_of():
    references = KnownReferences()
    references.measures_of(Viewer(PHOTO, default_profile()).views(PHOTO)[0].seen)
    gc.collect()

    assert len(references) == 0
