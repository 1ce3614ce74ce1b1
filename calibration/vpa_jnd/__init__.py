"""VPA-JND: the paper's data set, built from any folder of pictures."""
