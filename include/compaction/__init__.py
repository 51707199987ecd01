"""Many small objects of a day made into few large ones, which readers find in the catalogue."""
