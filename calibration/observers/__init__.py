"""Who is asked: local models, remote APIs, simulated observers."""
