"""The whole path in one command: a local model, the gateway before it, a real client."""
