"""The rules that choose the next level, one file each; a session's plan makes the one it was asked for."""
