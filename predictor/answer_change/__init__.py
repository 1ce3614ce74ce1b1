"""Would the model answer differently: surrogates, heads, what keeps a promised rate."""
