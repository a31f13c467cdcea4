"""Real processes for tests and benches: a hub with its broker, a gateway that people are notified through, buttons."""
