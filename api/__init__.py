"""The control plane: REST over the database. It imports neither TensorFlow nor Keras, and parses no data."""
