"""How Hypothesis runs here: as it would anyway, but no example fails for having taken long."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
