"""Alerts, by mail and SNS: what is in trouble, late or recovered, told once to each."""
