"""The families of distortion: one file each, gathered by `registry`."""
