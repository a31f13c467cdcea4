"""The pins of one simulated building, for the agent's real GPIO code."""

from gpiozero.pins.mock import MockFactory

from device_agent.hardware.gpio import PinFactory


class SimulatedPins:
    """Fingers and eyes: `factory` goes to the agent's buttons and lamps, the rest is what people do and see."""

    def __init__(self) -> None:
        self._mock = MockFactory()

    @property
    def factory(self) -> PinFactory:
        return self._mock

    def press(self, pin: int) -> None:
        """Push down the button between this pin and ground."""
        self._mock.pin(pin).drive_low()

    def release(self, pin: int) -> None:
        """Let go of it."""
        self._mock.pin(pin).drive_high()

    def is_lit(self, pin: int) -> bool:
        """Whether the lamp on this pin is lit at this moment."""
        return bool(self._mock.pin(pin).state)
