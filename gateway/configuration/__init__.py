"""How the settings are read, checked and told: every key with its reason, every mistake with its line."""
