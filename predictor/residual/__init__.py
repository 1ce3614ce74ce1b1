"""Does a picture carry an added perturbation: the detector, its training pictures, re-encodings."""
