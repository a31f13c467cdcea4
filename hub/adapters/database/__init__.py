"""The database: SQLAlchemy Core on SQLite, and its migrations."""
