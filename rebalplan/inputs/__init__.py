"""The input files: settings.ini and portfolios.csv, each problem with its place, and the samples."""
