"""Who may do what: API keys, roles, and the one dependency that each route has."""
