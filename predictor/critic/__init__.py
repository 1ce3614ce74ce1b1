"""How good a picture looks to people, in numbers and words, and what its file says of where it comes from."""
