"""Make images lighter by what the model cannot notice."""
