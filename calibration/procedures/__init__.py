"""Which level next: one file per procedure, gathered by `select`."""
