"""dongdong say: speaks a sentence to a file, or shows exactly how it will be spoken."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hub.adapters.audio.maker import SoundMaker
from hub.domain.reading import spoken

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name


def add_to(commands: Commands) -> None:
    """Adds the command."""
    parser = commands.add_parser("say", help="读一句话 · speak a sentence")
    parser.add_argument("text", help="要读的话 · what to say")
    parser.add_argument("--out", metavar="F", help="写到这个 WAV 文件 · write to this WAV file")
    parser.add_argument(
        "--text", dest="is_text_only", action="store_true", help="只显示怎么读 · only show how it is read"
    )
    parser.set_defaults(command=say)


def say(options: argparse.Namespace) -> int:
    """Writes the file, `say.wav` unless told otherwise, or prints the words."""
    if not options.text.strip():
        print("请写上要读的话。\nWrite what is to be said.", file=sys.stderr)  # noqa: T201 - a command line speaks
        return 2
    if options.is_text_only:
        print(spoken(options.text))  # noqa: T201
        return 0
    path = Path(options.out or "say.wav")
    path.write_bytes(asyncio.run(_wav(options.text)))
    print(path)  # noqa: T201
    return 0


async def _wav(text: str) -> bytes:
    sounds = SoundMaker()
    await sounds.start()
    try:
        return await sounds.wav(text)
    finally:
        await sounds.close()
