"""What the hub does: one module a use case, on ports that the adapters fill."""
