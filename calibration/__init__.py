"""Measure how small a change a large multimodal model can notice: its just noticeable difference."""
