"""Who can be asked: people, what they answer for, and how they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Duty(StrEnum):
    """What somebody answers for at a place."""

    HELPER = "helper"  # 结对帮扶: paired with the elder of one home
    GROUP = "group"  # 互助小组: of the group that answers for a home or a building
    FLOOR_HEAD = "floor_head"  # 楼层长, of a unit or of single homes
    BUILDING_HEAD = "building_head"  # 楼栋长
    GRID_LEADER = "grid_leader"  # 网格长
    VOLUNTEER = "volunteer"  # 志愿者, asked while on shift
    DESK = "desk"  # 社区值班台, asked while on shift
    FAMILY = "family"  # 家属: told what happens at a home; asked only where a ladder says so


class ChannelName(StrEnum):
    """The ways in which a person is reached."""

    WEBHOOK = "webhook"
    NTFY = "ntfy"
    PAGE = "page"
    WECOM_APP = "wecom_app"  # 企业微信应用消息; the address is the person's user id there
    WECOM_ROBOT = "wecom_robot"  # 企业微信群机器人; the address is whom to mention: a mobile number or a user id
    DINGTALK = "dingtalk"  # 钉钉群机器人; as above
    FEISHU = "feishu"  # 飞书群机器人; the address is an open id or a user id, phones cannot be mentioned
    SMS = "sms"  # 短信; the address is the mobile number
    WEB_PUSH = "web_push"  # this phone's browser; the address is its push subscription as JSON
    APPRISE = "apprise"  # all else, e-mail included; the address is SERVICE:ADDRESS


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one person; an open page needs no address."""

    channel: ChannelName
    address: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be asked for help, with or without an account. `language` is zh or en.

    `place` is the slug of where they set out from (their own building), empty if that is not known.
    """

    id: str
    name: str
    phone: str = ""
    language: str = "zh"
    contacts: tuple[Contact, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in a home and may need help. `notes` are for whoever goes there, never for a loudspeaker."""

    id: str
    home_id: str
    name: str
    born_year: int | None = None
    notes: str = ""
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person answers for a place (a slug: `all`, a grid, a building or a home) in one way."""

    person_id: str
    place: str
    duty: Duty


@dataclass(frozen=True, slots=True)
class Group:
    """互助小组: a named group whose members answer together for these homes and buildings (ids and slugs)."""

    id: str
    name: str
    person_ids: tuple[str, ...]
    places: tuple[str, ...]

    def assignments(self) -> list[Assignment]:
        """What its members answer for."""
        return [Assignment(person, place, Duty.GROUP) for place in self.places for person in self.person_ids]


class Role(StrEnum):
    """What somebody with an account or a token may do."""

    ADMIN = "admin"
    STAFF = "staff"
    TECHNICIAN = "technician"
    VOLUNTEER = "volunteer"
    OBSERVER = "observer"
