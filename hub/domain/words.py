"""Every sentence that the rules speak, in Chinese and English: to elders, to those who are asked, and of errors."""

from __future__ import annotations

from hub.domain.errors import DongdongError

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
    "stand_in": (
        "{place}有人按铃，而值班台没有人看着，请您马上接手。",
        "Somebody pressed the button at {place}, and nobody watches the duty desk. Please take over now.",
    ),
    "family_waits": (
        "{place}按了铃，我们还在叫人，请留意电话。",
        "The button at {place} was pressed. We are still finding somebody; please keep your telephone near.",
    ),
    "family_accepted": (
        "{place}按了铃，{name}正在过去。",
        "The button at {place} was pressed. {name} is on the way.",
    ),
    "ended": ("{place}：这次求助已结束，谢谢您。", "{place}: this call has ended. Thank you."),
    "accepted_for": (
        "值班台替您答应了：请在{at}前到{place}。去不了，请马上告诉值班台。",
        "The duty desk accepted for you: please be at {place} by {at}. If you cannot, tell the desk at once.",
    ),
    "taken_back": (
        "{place}：值班台撤销了刚才记在您名下的接单。",
        "{place}: the duty desk has taken back the acceptance in your name.",
    ),
    # What the loudspeakers of a building say: never a home's number, a name, or what is wrong.
    "aloud.call": (
        "红哨子，红哨子。{place}有人需要帮助，请附近的邻居马上去看看。",
        "Attention please. Somebody at {place} needs help. Neighbours, please go and see at once.",
    ),
    "aloud.enough": ("{place}：已有人到，请回，谢谢大家。", "{place}: help is there. Please go back, and thank you."),
    # What is not meant begins with this, aloud and on the screen.
    "unreal.exercise": ("这是演习，不是真的。", "This is an exercise. It is not real."),
    "unreal.test": ("这是测试，不是真的。", "This is a test. It is not real."),
    "unreal.exercise.title": ("【演习】", "[Exercise] "),
    "unreal.test.title": ("【测试】", "[Test] "),
    "live.title": ("现场喊话", "Live announcement"),
    "unrecorded": ("有呼叫没有存下来，请马上检查系统。", "A call could not be stored. Check the system at once."),
    "test.title": ("试一试", "Test"),
    "test.text": ("这部手机收得到通知。", "This phone gets notices."),
    # What was wrong with an input, and what to change.
    "error": ("出错了，什么也没有丢。", "Something went wrong. Nothing was lost."),
    "not_found": ("找不到{what}“{id}”。", "There is no {what} “{id}”."),
    "step_not_allowed": (
        "现在的状态是“{state}”，不能做“{step}”。可以做：{allowed}。",
        "The state is “{state}”, which does not allow “{step}”. Allowed: {allowed}.",
    ),
    "kept_arrival_refused": (
        "您 {at} 按的“到了”没有算上：现在是“{state}”。时间已记下，值班台查得到。您还在那里，就请打电话告诉值班台。",
        "“I am there”, pressed at {at}, did not count: it is “{state}” now. That is noted. If there, call the desk.",
    ),
    "kept_close_refused": (
        "您 {at} 按的“完成”没有算上：现在是“{state}”。时间和结果已记下，值班台查得到。老人没事，就请打电话告诉值班台。",
        "“Done”, pressed at {at}, did not count: it is “{state}” now. This is noted. If all is well, call the desk.",
    ),
    "changed_meanwhile": ("刚才有人改过，请看一眼再做一次。", "Somebody just changed this. Look again and repeat."),
    "not_permitted": ("您的身份（{role}）不能做这件事。", "Your role ({role}) may not do this."),
    "not_signed_in": ("请先登录。", "Please sign in first."),
    "wrong_password": ("用户名或密码不对。", "The user name or the password is wrong."),
    "too_many_tries": ("试得太多了，请过一分钟再试。", "Too many tries. Try again in a minute."),
    "eta_out_of_range": ("到达时间要在1到{most}分钟之间。", "The arrival time must be 1 to {most} minutes."),
    "promise_used_up": (
        "接单已经快{most}分钟了，不能再推迟。请退出，让别人去。",
        "You accepted almost {most} minutes ago and cannot put it off again. Withdraw, so that others can go.",
    ),
    "not_the_acceptor": ("只有接单的人可以退出。", "Only the one who accepted can withdraw."),
    "hours_out_of_range": (
        "时间要写成 00:00 到 23:59 之间；全天请写成一样的时间。",
        "The hours must lie between 00:00 and 23:59; for all day give the same time twice.",
    ),
    "rungs_out_of_range": (
        "至少要有一级，最多{most}级。",
        "There must be at least one step and at most {most}.",
    ),
    "rung_asks_nobody": ("第{number}级没有写叫谁，请至少选一种人。", "Step {number} asks nobody. Choose at least one."),
    "rung_has_no_channel": (
        "第{number}级没有选通知方式，请至少选一种，或者选“所有方式”。",
        "Step {number} has no way of notifying. Choose at least one, or all of them.",
    ),
    "rung_wait_out_of_range": (
        "第{number}级的等待时间要在{least}秒到{most_minutes}分钟之间。",
        "The wait of step {number} must be between {least} seconds and {most_minutes} minutes.",
    ),
    "rung_needed_out_of_range": (
        "第{number}级需要的人数要在1到{most}之间。",
        "The number of people needed in step {number} must be 1 to {most}.",
    ),
    "ladder_collides": (
        "同一个地方、同一类求助、同一时段已经有“{name}”了。请改时间，或者改那一个。",
        "“{name}” already holds for this place, kind of call and hours. Change the hours, or that one.",
    ),
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
    "too_late_to_take_back": (
        "来不及撤销了：已经过了时间，或者别人已经接着办了。请看一眼现在的状态。",
        "Too late to take this back: the time is over, or somebody has gone on from it. Look at how it stands now.",
    ),
    "called_again": (
        "不用撤销：老人又按了铃，新的求助已经在值班台上。",
        "No need: the elder has pressed again, and the new call is on the duty desk.",
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
    "unknown_status": (
        "没有“{status}”这种性质，请选：{allowed}。",
        "There is no status “{status}”. Choose one of {allowed}.",
    ),
    "repeat_out_of_range": ("遍数要在1到{most}之间。", "The number of rounds must be 1 to {most}."),
    "time_in_the_past": ("播出时间已经过了，请选以后的时间。", "That time has passed. Choose a later one."),
    "time_too_far": ("播出时间太远，最多提前一年。", "That time is too far off; a year ahead is the most."),
    "folder_in_use": (
        "数据文件夹 {folder} 上已经有一个中心在运行。请先停掉它，或者用 --data 换一个文件夹。",
        "Another hub is running on the data folder {folder}. End it first, or choose another folder with --data.",
    ),
    "address_not_free": (
        "{address} 用不了（{reason}）：可能有别的程序占用了它。请停掉那个程序，或者用 --http 换一个地址。",
        "{address} cannot be used ({reason}): another program may be there. End it, or choose another with --http.",
    ),
    "bad_city": (
        "设备数要在 1 到 {most} 之间。",
        "The number of devices must be from 1 to {most}.",
    ),
    "data_not_empty": (
        "这个文件夹里已经有一个社区，示例社区只能写进空的文件夹。请换一个文件夹。",
        "This folder holds a community already; the example needs an empty one. Choose another folder.",
    ),
    "schema_too_new": (
        "数据库是更新的版本写的（{revision}），这个版本不能用它。请装新版本，或者恢复旧的备份。",
        "The database was written by a newer version ({revision}). Install that version, or restore an older backup.",
    ),
    "no_place": ("请至少选一个地方。", "Choose at least one place."),
    "unknown_place": (
        "没有“{place}”这个地方，请从列表里选。",
        "There is no place “{place}”. Choose one from the list.",
    ),
    "own_confirmation": (
        "这条是您自己发的，要另一位同事来确认。没有人确认，时间到了也会自己播出。",
        "You made this yourself; somebody else must confirm it. If nobody does, it goes out by itself.",
    ),
    "not_held": (
        "这条通知不在等确认：已经取消了，或者不需要第二个人。",
        "This announcement does not wait: it was called off, or needs no second person.",
    ),
    "voice_failed": ("语音合成失败，通知没有播出，请再试一次。", "The voice failed; nothing was played. Try again."),
    "no_link": (
        "和广播设备的连接断了，什么也没有发出。请过一会儿再试。",
        "The link to the devices is down, so nothing was sent. Try again in a while.",
    ),
    "device_silent": (
        "设备“{device}”没有回答，不知道它做了没有。请看看它的电源和网络。",
        "Device “{device}” did not answer; whether it acted is not known. Check its power and network.",
    ),
    "bad_subscription": (
        "这部手机给的推送地址用不了，请换一个浏览器再试。",
        "The push address of this phone cannot be used. Try another browser.",
    ),
    "bad_address": (
        "“{channel}”的地址“{address}”用不了，请检查后改正。",
        "“{address}” is no address for “{channel}”. Please correct it.",
    ),
    "too_many_contacts": (
        "通知方式最多{most}种，请删掉一些。",
        "At most {most} ways to reach one person. Remove some.",
    ),
    "contact_of_a_browser": (
        "网页推送要由本人在自己的手机上打开，这里不能写。",
        "Web Push is turned on by the person on their own phone; it cannot be written here.",
    ),
    "push_failed": (
        "手机厂商的推送服务没有收下（{reason}）。请过一会儿再试；还不行，就请用别的方式通知您。",
        "The phone maker's push service did not take it ({reason}). Try again later, or use another way.",
    ),
    "unknown_command": (
        "没有“{kind}”这个命令，请选：{allowed}。",
        "There is no command “{kind}”. Choose one of {allowed}.",
    ),
    "volume_out_of_range": ("音量要在0到1之间。", "The volume must be 0 to 1."),
    "delay_out_of_range": (
        "延时要在 -{most} 到 {most} 毫秒之间：正数晚播，负数早播。",
        "The delay must be -{most} to {most} ms: above 0 plays later, below 0 earlier.",
    ),
    "bad_quiet_hours": (
        "看不懂“{text}”，请写成 20:00-07:30 这样：从几点，到几点。",
        "“{text}” cannot be read. Write it as 20:00-07:30: from when, until when.",
    ),
    "empty_quiet_hours": (
        "请写上从几点到几点；那里什么时候都可以播，就选“没有”。",
        "Write from when until when. If anything may play there at any time, choose “None”.",
    ),
    "all_day_quiet": (
        "这样是全天安静，平时的通知和蓝色、黄色预警那里从来不响。真要这样，请在下面打勾，再保存；不是，就改时间。",
        "Only emergencies would ever be heard there. If that is meant, tick the box and save; else change the times.",
    ),
    "too_many_quiet_hours": (
        "一个地方最多写{most}段安静时段，请删掉一些。",
        "A place has at most {most} quiet hours. Remove some.",
    ),
    "no_own_quiet_hours": (
        "“{place}”不能单独设安静时段：单元跟着楼栋，全社区的由管理员在设置里改。请选网格或楼栋。",
        "“{place}” cannot have its own quiet hours: an entrance follows its building. Choose a grid or a building.",
    ),
    "bad_noise_budget": (
        "“{text}”不行：请写每天最多播几分钟，0 到 {most} 的整数，0 是不限。",
        "“{text}” will not do. Write the minutes a day as a whole number from 0 to {most}; 0 is no limit.",
    ),
    "no_own_noise_budget": (
        "“{place}”不能单独设每天最多播多久：单元跟着楼栋，全社区的由管理员在设置里改。请选网格或楼栋。",
        "“{place}” cannot have its own daily limit: an entrance follows its building. Choose a grid or a building.",
    ),
    "not_stored": (
        "没有存下来，请再试一次；还不行就请检查系统。",
        "It could not be stored. Try again; if it fails again, check the system.",
    ),
    # What was wrong with a change of the rota.
    "choose_person": ("请选一个人。", "Choose a person."),
    "not_on_shift": ("您现在没有班，不用交接。", "You are not on shift now, so there is nothing to hand over."),
    "choose_weekday": ("请至少选一个星期几。", "Choose at least one day of the week."),
    "bad_entry_id": (
        "编号“{id}”不行：用字母、数字、点、横线，最多120个。",
        "The id “{id}” cannot be used: letters, digits, dots and hyphens, at most 120.",
    ),
    "unknown_weekday": ("请选星期一到星期日（0 到 6）。", "Choose Monday to Sunday (0 to 6)."),
    "unknown_time": (
        "时间要写成 00:00 到 24:00，结束要在开始之后。",
        "Write the time as 00:00 to 24:00; the end comes after the start.",
    ),
    "not_a_shift_duty": (
        "只有值班台和志愿者排班，请选一种。",
        "Only the duty desk and volunteers have shifts. Choose one.",
    ),
    "day_is_over": ("{day} 已经过了，请选以后的日子。", "{day} has passed. Choose a later day."),
    "day_too_far": ("{day} 太远，最多提前一年。", "{day} is too far off; a year ahead is the most."),
    "unknown_instant": ("请选日期和时间，写成 2026-01-31 08:00 这样。", "Choose day and time, like 2026-01-31 08:00."),
    "unknown_day": ("日期要写成 2026-01-31 这样。", "Write the day like 2026-01-31."),
    "no_such_turn": ("{day} 没有这个班，请看一眼排班表。", "There is no such shift on {day}. Look at the rota again."),
    "turn_is_over": ("这个班已经结束了，不能再换。", "This shift is over and cannot be changed."),
    "swap_with_oneself": (
        "这个班本来就是{name}的，请选别人。",
        "This shift is {name}'s already. Choose somebody else.",
    ),
    "taker_is_away": ("{name}那时请了假，请选别人。", "{name} is away then. Choose somebody else."),
    "absence_ends_first": ("请假的结束要在开始之后。", "The end of the absence must come after its start."),
    "absence_is_over": ("这段时间已经过了，请选以后的时间。", "That time has passed. Choose a later one."),
    "absence_too_long": ("请假最多{most}天。", "An absence lasts at most {most} days."),
    "hand_over_too_long": ("交接的话太长，最多{most}个字。", "The note is too long; {most} characters are the most."),
    # Who may come in.
    "already_set_up": ("这里已经设置过了，请登录。", "This is set up already. Sign in."),
    "community_name_missing": ("请写上社区的名字。", "Write the name of the community."),
    "name_missing": ("请写上名字。", "Write a name."),
    "name_too_long": ("名字太长，最多{most}个字。", "The name is too long; {most} characters are the most."),
    "username_missing": ("请写上用户名。", "Write a user name."),
    "username_taken": ("用户名“{username}”已经有人用了，请换一个。", "“{username}” is taken. Choose another."),
    "password_too_short": (
        "密码太短，至少{least}个字。用一句好记的话就行。",
        "The password is too short: at least {least} characters. A sentence you remember is fine.",
    ),
    "password_too_long": ("密码太长，最多{most}个字。", "The password is too long; {most} characters are the most."),
    "days_out_of_range": ("天数要在1到{most}之间。", "The number of days must be 1 to {most}."),
    # What was wrong with a request of a program.
    "other_site": ("这个操作不是从本页面发出的。", "This did not come from one of our own pages."),
    "no_such_address": (
        "没有这个地址，或者它不能这样用。",
        "There is nothing at this address, or it does not take this method.",
    ),
    "body_too_large": ("内容太大，最多{most}KB。", "That is too large; {most} KB are the most."),
    "unreadable_body": ("内容看不懂，应该是JSON（UTF-8）。", "The body cannot be read; it should be JSON (UTF-8)."),
    "field_missing": ("缺少“{field}”。", "“{field}” is missing."),
    "field_unknown": ("没有“{field}”这一项，请删掉或改正。", "There is no field “{field}”. Remove or correct it."),
    "field_not_text": ("“{field}”要写成文字。", "“{field}” must be text."),
    "field_not_number": ("“{field}”要写成整数。", "“{field}” must be a whole number."),
    "field_not_list": ("“{field}”要写成列表。", "“{field}” must be a list."),
    "field_not_allowed": ("“{field}”只能是：{allowed}。", "“{field}” must be one of {allowed}."),
    "field_out_of_range": ("“{field}”太大、太小或太长。", "“{field}” is too large, too small or too long."),
    "field_wrong": ("“{field}”写得不对。", "“{field}” cannot be used as it is."),
    # Names of things, states, steps and roles, for the sentences above.
    "noun.alert": ("求助", "alert"),
    "noun.person": ("人员", "person"),
    "noun.device": ("设备", "device"),
    "noun.place": ("地方", "place"),
    "noun.announcement": ("通知", "announcement"),
    "noun.token": ("令牌", "token"),
    "noun.ladder": ("升级方案", "ladder"),
    "noun.home": ("住户", "home"),
    "noun.shift": ("班次", "shift"),
    "noun.swap": ("换班申请", "request for a swap"),
    "noun.community": ("社区", "community"),
    "state.open": ("没人接", "open"),
    "state.accepted": ("有人在路上", "accepted"),
    "state.arrived": ("人到了", "arrived"),
    "state.closed": ("已结束", "closed"),
    "step.accept": ("接单", "accept"),
    "step.decline": ("去不了", "decline"),
    "step.withdraw": ("退出", "withdraw"),
    "step.arrive": ("到了", "arrive"),
    "step.close": ("结束", "close"),
    "step.reopen": ("重新叫人", "reopen"),
    "step.take_back": ("撤销", "take back"),
    "step.note": ("备注", "note"),
    "role.admin": ("管理员", "administrator"),
    "role.staff": ("工作人员", "staff"),
    "role.technician": ("技术员", "technician"),
    "role.volunteer": ("志愿者", "volunteer"),
    "role.observer": ("观察员", "observer"),
    "bad_device_name": (
        "设备名“{id}”不行：用小写字母、数字和连字符，最多48个。",
        "The device name “{id}” cannot be used: small letters, digits and hyphens, at most 48.",
    ),
}


def say(key: str, language: str, **params: object) -> str:
    """The sentence in this language (Chinese for one that we do not have), filled in."""
    chinese, english = WORDS[key]
    return (english if language == "en" else chinese).format(**params)


_NAMED = {"what": "noun", "state": "state", "step": "step", "allowed": "step", "role": "role"}


def explain(error: DongdongError, language: str) -> str:
    """The error's sentence, with what it names (states, steps, roles) in the same language."""
    return say(error.key, language, **{name: _named(name, value, language) for name, value in error.params.items()})


def _named(param: str, value: object, language: str) -> object:
    if isinstance(value, (list, tuple)):
        return ("、" if language != "en" else ", ").join(str(_named(param, one, language)) for one in value)
    key = f"{_NAMED.get(param)}.{value}"
    return say(key, language) if key in WORDS else value
