"""What each provider does with an image: versioned data and the ways of counting."""
