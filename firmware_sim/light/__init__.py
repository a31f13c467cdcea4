"""Light devices: thousands in one process, each with a socket of its own, speaking as the wire contract says."""
