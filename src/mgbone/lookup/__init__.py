"""Any gene, endpoint, statement or term looked up: in a notebook, on the command line, on a page."""
