"""Pages for a browser. They do what REST does, through the same operations."""
