"""Generalise what calibration measured: predict whether a model would notice a change in a picture."""
