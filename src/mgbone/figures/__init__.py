"""Pictures of tables: every function takes frames and returns a matplotlib figure; nothing is tested here."""
