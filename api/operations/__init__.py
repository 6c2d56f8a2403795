"""What the control plane does, for REST and for the dashboard alike. Nothing here knows HTTP."""
