"""Our own training loop: Keras' `fit` keeps state between epochs that no checkpoint holds; exact resume needs this."""
