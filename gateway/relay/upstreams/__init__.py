"""The APIs behind: where a request goes, how it gets there and what comes back."""
