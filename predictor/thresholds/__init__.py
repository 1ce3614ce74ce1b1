"""How far a distortion can go on one picture before the model notices, in one pass."""
