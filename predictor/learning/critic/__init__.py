"""What trains the critic: damage with known opinions, a teacher, relativity before absolute scores."""
