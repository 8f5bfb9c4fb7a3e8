"""Makes dataset folders with known truth. No analysis imports this wing."""
