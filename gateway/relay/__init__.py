"""HTTP in and out: requests as they arrive, answers as they return, nothing kept longer than needed."""
