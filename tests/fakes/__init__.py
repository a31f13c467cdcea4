"""Stand-ins for the world outside: each fills a port of hub/services/ports.py and notes what was asked of it."""
