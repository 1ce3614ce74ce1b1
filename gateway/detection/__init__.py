"""What may be wrong with an image: each detector turns it into evidence."""
