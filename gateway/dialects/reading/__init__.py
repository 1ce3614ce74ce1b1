"""JSON where it lies, and how images lie in it: what all dialects are written in."""
