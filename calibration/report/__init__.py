"""The report of one calibration: one page that holds everything, and its plots."""
