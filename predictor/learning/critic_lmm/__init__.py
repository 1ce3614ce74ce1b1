"""What trains the critic that is an LMM: a tower that sees quality, then a language model that says it."""
