"""What learns: from trials and photographs to the parts of an artifact. Whoever serves never loads it."""
