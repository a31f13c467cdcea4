"""Every sentence that the rules speak, in Chinese and English: to elders, to those who are asked, and of errors."""

from __future__ import annotations

LANGUAGES = ("zh", "en")

WORDS: dict[str, tuple[str, str]] = {
    # What the elder hears: never a health detail, on a shared loudspeaker never a name or a number.
    "told.recorded": ("已收到，正在叫人。", "We have your call. We are finding somebody."),
    "told.notifying": ("还在叫人，请不要着急。", "We are still finding somebody. Please stay calm."),
    "told.accepted": ("{name}接了，大约{minutes}分钟到。", "{name} is coming, in about {minutes} minutes."),
    "told.accepted.shared": ("有人接了，正在赶来。", "Somebody is on the way."),
    "told.changed": ("换成{name}来，大约{minutes}分钟到。", "{name} is coming instead, in about {minutes} minutes."),
    "told.changed.shared": ("换了一位，正在赶来。", "Somebody else is on the way."),
    "told.arrived": ("{name}到了。", "{name} is here."),
    "told.arrived.shared": ("人到了。", "Somebody is here."),
    "told.closed": ("好了，有事再按。", "All done. Press again if you need us."),
    # What people are sent. On a locked screen nothing says what is wrong.
    "ask": ("{place}有人按铃，请去看看。", "Somebody pressed the button at {place}. Please go and see."),
    "ask.unreadable": (
        "{place}来了一次看不懂的呼叫，请去看看。",
        "An unreadable call came from {place}. Please go and see.",
    ),
    "ask.service": ("{place}需要帮忙，请联系。", "Somebody at {place} asks for help. Please get in touch."),
    "thanks": ("{name}已前往{place}，谢谢您。", "{name} is going to {place}. Thank you."),
    "pressed_again": ("{place}又按了一次铃，请加快。", "{place} pressed the button again. Please hurry."),
    "said_fine": ("{place}的老人说没事了，请确认。", "The elder at {place} says all is well. Please make sure."),
    "expired": ("{place}：您答应的时间过了，已另外叫人。", "{place}: your time has passed. We are asking others."),
    "withdrawn": ("{place}：已另外叫人，谢谢您。", "{place}: we are asking others. Thank you."),
    "desk_asks": ("{place}：已到半小时，情况怎样？", "{place}: half an hour since arrival. How is it?"),
    "unrecorded": ("有呼叫没有存下来，请马上检查系统。", "A call could not be stored. Check the system at once."),
    # What was wrong with an input, and what to change.
    "error": ("出错了，什么也没有丢。", "Something went wrong. Nothing was lost."),
    "not_found": ("找不到{what}“{id}”。", "There is no {what} “{id}”."),
    "step_not_allowed": (
        "现在的状态是“{state}”，不能做“{step}”。可以做：{allowed}。",
        "The state is “{state}”, which does not allow “{step}”. Allowed: {allowed}.",
    ),
    "changed_meanwhile": ("刚才有人改过，请看一眼再做一次。", "Somebody just changed this. Look again and repeat."),
    "not_permitted": ("您的身份（{role}）不能做这件事。", "Your role ({role}) may not do this."),
    "not_signed_in": ("请先登录。", "Please sign in first."),
    "wrong_password": ("用户名或密码不对。", "The user name or the password is wrong."),
    "too_many_tries": ("试得太多了，请过一分钟再试。", "Too many tries. Try again in a minute."),
    "eta_out_of_range": ("到达时间要在1到{most}分钟之间。", "The arrival time must be 1 to {most} minutes."),
    "not_the_acceptor": ("只有接单的人可以退出。", "Only the one who accepted can withdraw."),
    "close_needs_person": ("请写明是谁结束的。", "Say who closes it."),
    "close_needs_outcome": ("请写明结果。", "Say how it ended."),
    "unknown_seen": (
        "没有“{seen}”这种确认方式，请选：{allowed}。",
        "There is no way of seeing “{seen}”. Choose one of {allowed}.",
    ),
    "override_needs_reason": (
        "没有见到人就结束，必须写明原因。",
        "Closing without having seen the person needs a reason.",
    ),
    "empty_note": ("备注是空的，请写一句话。", "The note is empty. Write a sentence."),
    "empty_text": ("通知是空的，请写上要广播的话。", "The text is empty. Write what is to be announced."),
    "text_too_long": (
        "通知有{length}个字，最多{most}个字，请缩短或分成几条。",
        "The text has {length} characters; at most {most} are possible. Shorten it or split it.",
    ),
    "control_character": (
        "通知里有看不见的字符（{code}），请删掉。",
        "The text holds an invisible character ({code}). Remove it.",
    ),
    "unspeakable_character": (
        "“{character}”读不出来，请换成文字。",
        "“{character}” cannot be spoken. Use words instead.",
    ),
    "nothing_to_say": (
        "通知里没有能读的字，请写上文字。",
        "The text holds nothing that can be spoken. Write some words.",
    ),
    "unknown_kind": ("没有“{kind}”这种通知，请选：{allowed}。", "There is no kind “{kind}”. Choose one of {allowed}."),
    "repeat_out_of_range": ("遍数要在1到{most}之间。", "The number of rounds must be 1 to {most}."),
    "time_in_the_past": ("播出时间已经过了，请选以后的时间。", "That time has passed. Choose a later one."),
    "time_too_far": ("播出时间太远，最多提前一年。", "That time is too far off; a year ahead is the most."),
    "no_place": ("请至少选一个地方。", "Choose at least one place."),
    "unknown_place": (
        "没有“{place}”这个地方，请从列表里选。",
        "There is no place “{place}”. Choose one from the list.",
    ),
    "voice_failed": ("语音合成失败，通知没有播出，请再试一次。", "The voice failed; nothing was played. Try again."),
    "bad_device_name": (
        "设备名“{id}”不行：用小写字母、数字和连字符，最多48个。",
        "The device name “{id}” cannot be used: small letters, digits and hyphens, at most 48.",
    ),
}


def say(key: str, language: str, **params: object) -> str:
    """The sentence in this language (Chinese for one that we do not have), filled in."""
    chinese, english = WORDS[key]
    return (english if language == "en" else chinese).format(**params)
