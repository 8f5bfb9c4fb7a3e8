"""What is known before any data are opened: the design, the ledger, names and languages."""
