"""What this project measures, and against whom; README.md has the last table."""
