"""How much of a prompt can change before the answer does: questions, assessment, published ratios."""
