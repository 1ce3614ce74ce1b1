"""Generalise what calibration measured: would this model notice this change, in this image?"""
