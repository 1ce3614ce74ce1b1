"""Endpoints of the gateway's own, for those who ask about images instead of sending them through."""
