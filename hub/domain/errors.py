"""What a person may have done wrong: one class a business error, told by key so that each reads it in a language."""

from __future__ import annotations


class DongdongError(Exception):
    """Base of all business errors. `key` names its sentence in words.py, `params` fill it in."""

    key = "error"

    def __init__(self, **params: object) -> None:
        super().__init__(f"{self.key} {params}" if params else self.key)
        self.params = params


class NotFound(DongdongError):
    """Nothing of this kind has this id. Params: `what`, `id`."""

    key = "not_found"


class StepNotAllowed(DongdongError):
    """The alert's state does not allow this step. Params: `step`, `state`, `allowed` (list of step names)."""

    key = "step_not_allowed"


class Changed(DongdongError):
    """Somebody else changed the same thing in between; reading it again and repeating the step is safe."""

    key = "changed_meanwhile"


class Invalid(DongdongError):
    """An input that cannot be taken. `key` says which; the sentence says what to change."""

    def __init__(self, key: str, **params: object) -> None:
        self.key = key
        super().__init__(**params)


class OwnConfirmation(DongdongError):
    """Whoever made an announcement cannot be the second person who confirms it."""

    key = "own_confirmation"


class NotHeld(DongdongError):
    """An announcement that was called off, or never waited for a second person, cannot be confirmed."""

    key = "not_held"


class NotPermitted(DongdongError):
    """This person may not do this. Params: `role`."""

    key = "not_permitted"


class NotSignedIn(DongdongError):
    """No session, token or link that is known and still valid came with the request."""

    key = "not_signed_in"


class OtherSite(DongdongError):
    """A change that a browser asks for on behalf of a page that is not ours."""

    key = "other_site"


class WrongPassword(DongdongError):
    """User name and password do not belong together; which of the two is wrong is not said."""

    key = "wrong_password"


class TooManyTries(DongdongError):
    """Too many sign-ins from there lately."""

    key = "too_many_tries"


class DeviceSilent(DongdongError):
    """The device did not answer a command in time; whether it acted is not known. Params: `device`."""

    key = "device_silent"


class NoLink(DongdongError):
    """The hub has no connection to its broker, so nothing was sent. Nothing stored is lost."""

    key = "no_link"


class NoVoice(DongdongError):
    """No sound could be made of a text; nothing was stored or played."""

    key = "voice_failed"


class PushFailed(DongdongError):
    """The service of the phone's maker did not take a message. Params: `reason`, for the technician."""

    key = "push_failed"
