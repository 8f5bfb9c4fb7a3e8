"""Files of microarrays: scans, the chip's library, and expression normalised elsewhere."""
