"""The example community 清溪社区: invented, the same every time, and large enough to be true to life."""

from __future__ import annotations

from hub.services.example.city import fill_with_city
from hub.services.example.community import Example, example
from hub.services.example.filling import fill_with_example

__all__ = ["Example", "example", "fill_with_city", "fill_with_example"]
