"""Learn what hidden perturbations leave behind: from photographs and attacks on them to the detector."""
