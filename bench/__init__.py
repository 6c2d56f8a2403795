"""What Trainshed costs, measured. `make bench` runs it."""
