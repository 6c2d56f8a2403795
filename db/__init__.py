"""The database: tables, moves of a job, queries. SQLite on one machine, Postgres in a cluster, one behaviour."""
