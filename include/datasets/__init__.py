"""Datasets: what each one is made of."""
