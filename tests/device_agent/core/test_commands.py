"""Commands, each answered with what came of it."""

from device_agent.core import commands, effects
from device_agent.core.commands import CommandsState
from device_agent.core.hearing import Evidence
from device_agent.core.sounds import Finished, Interrupted, Started
from tests.device_agent.core.values import signed
from wire.messages import Reply, Restart, SelfTest, Volume

HEARD = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-30.0)
SILENT = Evidence(heard=False, correlation=0.0, lag_ms=0.0, level_dbfs=-120.0)


def replies(todo: list[effects.Effect]) -> list[Reply]:
    return [each.reply for each in todo if isinstance(each, effects.SendReply)]


def test_a_volume_is_set_and_answered() -> None:
    _, todo = commands.command(CommandsState(), Volume(**signed(), volume=0.5))
    assert todo == [effects.SetVolume(0.5), effects.SendReply(Reply(command_id="m-1", is_ok=True))]


def test_a_restart_is_answered_first() -> None:
    _, todo = commands.command(CommandsState(), Restart(**signed()))
    assert [type(each) for each in todo] == [effects.SendReply, effects.Restart]


def test_a_self_test_succeeds_only_when_its_sweep_was_heard() -> None:
    for evidence, is_ok in ((HEARD, True), (SILENT, False)):
        state, todo = commands.command(CommandsState(), SelfTest(**signed()))
        (sweep,) = (each for each in todo if isinstance(each, effects.PlaySweep))
        state, todo = commands.sounded(state, Started(sweep.sound_id, 1.0, 0.0))
        assert todo == [effects.Listen(sweep.sound_id, 1.0, 0.0)]
        state, todo = commands.sounded(state, Finished(sweep.sound_id, 2.5, 1.5))
        assert todo == []
        state, todo = commands.judged(state, sweep.sound_id, evidence, None)
        (reply,) = replies(todo)
        assert (reply.command_id, reply.is_ok) == ("m-1", is_ok)
        assert reply.evidence is not None
        assert commands.judged(state, sweep.sound_id, evidence, None) == (state, [])


def test_a_self_test_that_did_not_sound_to_its_end_has_failed() -> None:
    state, todo = commands.command(CommandsState(), SelfTest(**signed()))
    (sweep,) = (each for each in todo if isinstance(each, effects.PlaySweep))
    _, todo = commands.sounded(state, Interrupted(sweep.sound_id, "fire", 0.2, resumes=False))
    (reply,) = replies(todo)
    assert not reply.is_ok
    assert reply.detail is not None
