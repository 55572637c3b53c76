"""What a person writes: settings.ini and portfolios.csv, each problem with its place, and the samples."""
