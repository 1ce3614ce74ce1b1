"""Commands of `jnd-gateway` that fill a file of their own."""
