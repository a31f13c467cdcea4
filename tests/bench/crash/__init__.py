"""kill -9 of hub, broker and agents in any order, round after round, while people press and answer."""
