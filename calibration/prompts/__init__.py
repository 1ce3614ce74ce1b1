"""How much of a prompt can change before the answer does: its questions, their assessment, the published ratios."""
