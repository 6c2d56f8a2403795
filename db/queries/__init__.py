"""What the control plane reads. One subject a file; nothing here writes, and every list has a limit."""
