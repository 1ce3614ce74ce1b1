"""The embedded observer: a tiny LLaVA trained by this project, its weights and its card."""
