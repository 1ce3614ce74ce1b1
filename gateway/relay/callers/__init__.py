"""Callers and their connections: requests as they arrive, who sends them, how they end."""
