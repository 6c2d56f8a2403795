"""Cannot be imported."""

raise ImportError("this preload is broken")
