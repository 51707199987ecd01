"""The warehouse: curated rows as a star schema in PostgreSQL."""
