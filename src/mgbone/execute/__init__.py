"""Notebooks executed, recorded and reported: what `make` and the command line call."""
