"""Makes the database true again. One duty a file, each safe to run anywhere, at any time, by all copies at once."""
