"""From the files of a folder to checked tables."""
