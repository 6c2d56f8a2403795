"""TensorFlow and Keras live here and only here.

`ml.run` knows a spec and a local folder; nothing of queue, database or bucket. `ml.preload` is for the zygote.
"""
