"""Flagged images, kept for a person to look at: the store, and the page that shows it."""
