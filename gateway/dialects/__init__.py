"""API formats: where images hide in a request, and what an error looks like."""
