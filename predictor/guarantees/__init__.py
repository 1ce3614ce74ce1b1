"""Promises that hold whatever the model behind: conformal p-values, control of a rate."""
