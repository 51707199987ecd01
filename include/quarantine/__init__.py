"""What was put aside: to be looked at, decided on and put right by a person."""
