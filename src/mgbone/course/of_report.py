"""Answers to the exercises of notebook report."""

KEYS = {}
