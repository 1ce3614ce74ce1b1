"""One calibration run: pictures and procedures in, a log of answered trials out."""
