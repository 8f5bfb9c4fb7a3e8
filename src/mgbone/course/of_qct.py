"""Answers to the exercises of notebook qct."""

KEYS = {}
