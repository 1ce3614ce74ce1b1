"""The critic that is an LMM: a small LLaVA shipped with the package, which judges how good pictures look."""
