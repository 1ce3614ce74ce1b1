"""Act on what the predictor knows: flag hidden edits, lighten images, leave everything else alone."""
