"""Mails: one digest a run when somebody has to look, and one for each task that gave up."""
