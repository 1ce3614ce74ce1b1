"""The commands of `jnd-predictor`, by what they are for."""
