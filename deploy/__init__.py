"""What the container images are built and started with. Nothing of the product imports it."""
