"""The images of one request: found, taken through the pipeline in turn, put back."""
