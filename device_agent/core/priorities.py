"""The classes of priority (WIRE.md, after Praesideo), and what an announcement may do by its class.

0-31 background, 32-223 normal, 224-255 emergency. Higher silences lower at once, equals wait their turn, at 255 the
latest wins: that is the mixer's part. An announcement that was silenced has told nobody anything, so it is played
again from its start as soon as its turn comes, however often, while it is still valid. Two classes are not:
background, since nobody waits for the beginning of a piece of music, and 255, since speech into the fire microphone
is of that moment. Live speech of the classes between comes back where the speaker is by then. What is told to an elder
is said again from its start while it holds: a stage until it expires or a newer one of its alert comes, a phrase of
the agent's own until there is to be another. A conversation begins anew by itself.
"""

from device_agent.core.sounds import EMERGENCY_PRIORITY, LIVE_PRIORITY

BACKGROUND_BELOW = 32


def resumes(priority: int) -> bool:
    """Whether one that was interrupted is played again: from its start, or where its live speaker is by then."""
    return BACKGROUND_BELOW <= priority < LIVE_PRIORITY


def keeps_quiet(priority: int) -> bool:
    """Whether quiet hours, noise budget and local volume hold for it."""
    return priority < EMERGENCY_PRIORITY
