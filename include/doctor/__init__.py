"""`make doctor`: is everything there that the runs will need, and what to do where it is not."""
