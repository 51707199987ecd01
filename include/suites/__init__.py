"""Suites that grow: bounds proposed from the lake's history, a change tried before it counts."""
