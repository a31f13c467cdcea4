"""The control socket of one simulator process: presses, faults, and what state its buildings are in."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from device_agent import vitals
from firmware_sim.building import NoSuchThing, SimulatedBuilding
from firmware_sim.fleet import Fault

Answer = dict[str, Any]
ALL = "all"


class PressRequest(BaseModel):
    """A hand on a button; answered when the gesture has been made."""

    do: Literal["press"]
    building: str
    button: str
    gesture: str = "press"


class FaultRequest(BaseModel):
    """Something goes wrong, or right again, in one building or all of them."""

    do: Literal["fault"]
    building: str
    fault: Fault
    value: float = 1.0


class StateRequest(BaseModel):
    """How the buildings of this process are, and what they cost."""

    do: Literal["state"]


Request = Annotated[PressRequest | FaultRequest | StateRequest, Field(discriminator="do")]
_REQUEST: TypeAdapter[PressRequest | FaultRequest | StateRequest] = TypeAdapter(Request)


class Control:
    """Answers requests for the buildings of this process."""

    def __init__(self, buildings: Mapping[str, SimulatedBuilding]) -> None:
        self._buildings = buildings

    async def serve(self, path: Path) -> None:
        """Listen at this socket until cancelled."""
        server = await asyncio.start_unix_server(self._converse, path)
        async with server:
            await server.serve_forever()

    async def answer(self, line: bytes) -> Answer:
        """What comes back for one line."""
        try:
            request = _REQUEST.validate_json(line)
            return {"ok": True, **await self._do(request)}
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return {"ok": False, "error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}
        except NoSuchThing as error:
            return {"ok": False, "error": str(error)}

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self.answer(line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _do(self, request: PressRequest | FaultRequest | StateRequest) -> Answer:
        match request:
            case PressRequest():
                await self._building(request.building).press(request.button, request.gesture)
                return {}
            case FaultRequest(building=name):
                chosen = list(self._buildings.values()) if name == ALL else [self._building(name)]
                for building in chosen:
                    building.fault(request.fault, request.value)
                return {"buildings": len(chosen)}
            case StateRequest():
                return self._state()

    def _building(self, name: str) -> SimulatedBuilding:
        if name not in self._buildings:
            raise NoSuchThing(f"there is no building {name!r} here")
        return self._buildings[name]

    def _state(self) -> Answer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "buildings": {name: {"linked": each.is_linked} for name, each in self._buildings.items()},
            "cpu_s": round(used.ru_utime + used.ru_stime, 3),
            "memory_mb": vitals.memory_mb(),
        }


def ask(path: Path, request: Mapping[str, Any], timeout_s: float = 30.0) -> Answer:
    """One request to a process that listens at this socket, from a program of its own.

    Raises OSError, also when the process ends before it has answered.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as answers:
            line = answers.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        answer: Answer = json.loads(line)
        return answer
