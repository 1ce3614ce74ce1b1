"""The report's figures: one file per kind of plot, drawn by matplotlib, inlined as SVG."""
