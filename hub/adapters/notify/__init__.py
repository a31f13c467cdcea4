"""The channels that reach people, each its own small adapter."""
