"""Learn thresholds by content: from where networks notice each distortion to the fitted trees."""
