"""What outlives a request: finished work, pictures seen before."""
