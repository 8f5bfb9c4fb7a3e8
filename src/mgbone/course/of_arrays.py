"""Answers to the exercises of notebook arrays."""

KEYS = {}
