"""Learn from people, as far as a metric stands for them: what models that see every pixel shown notice."""
