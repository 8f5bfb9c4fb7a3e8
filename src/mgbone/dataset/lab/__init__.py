"""Folders as laboratories keep them: workbooks and CSV files, read into the tables of the dictionary."""

from __future__ import annotations
