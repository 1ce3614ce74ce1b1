"""What an observer's reply says: from the text of today's models to a yes, a no, or nothing that counts."""
