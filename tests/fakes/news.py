"""Open pages, as those who tell them something see them."""

from __future__ import annotations


class FakeNews:
    """Fills ports.News; keeps every topic told."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def tell(self, topic: str) -> None:
        """Keeps the topic."""
        self.topics.append(topic)
