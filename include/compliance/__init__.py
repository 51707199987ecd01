"""Forgetting: what X does not show any more has to go from the lake as well."""
