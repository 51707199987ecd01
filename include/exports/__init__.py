"""Exports: tables and views of the warehouse as files for other programs."""
