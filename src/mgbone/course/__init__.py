"""Lessons made of notebooks: what a student is given, fills in, is asked and looks up."""
