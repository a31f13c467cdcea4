"""The words and marks that decide how a number beside them is read."""

# Written behind a number in Latin letters or as a sign; longer ones are tried first. km and kg are 公里 and 公斤,
# because 两千米 and 两千克 would be heard as 2,000 of them.
UNITS = {
    "km/h": "公里每小时",
    "m/s": "米每秒",
    "mg/l": "毫克每升",
    "mmol/l": "毫摩尔每升",
    "mmhg": "毫米汞柱",
    "μg/m³": "微克每立方米",
    "ug/m3": "微克每立方米",
    "kwh": "千瓦时",
    "kw·h": "千瓦时",
    "kw": "千瓦",
    "kv": "千伏",
    "km²": "平方公里",
    "km": "公里",
    "cm": "厘米",
    "mm": "毫米",
    "kg": "公斤",
    "mg": "毫克",
    "ml": "毫升",
    "mpa": "兆帕",
    "kpa": "千帕",
    "hz": "赫兹",
    "db": "分贝",
    "min": "分钟",
    "m²": "平方米",
    "m2": "平方米",
    "m³": "立方米",
    "m3": "立方米",
    "℃": "摄氏度",
    "°c": "摄氏度",
    "˚c": "摄氏度",
    "°": "度",
    "㎡": "平方米",
    "㎥": "立方米",
    "㎜": "毫米",
    "㎝": "厘米",
    "㎞": "公里",
    "㎏": "公斤",
    "㎎": "毫克",
}
# Single letters are units only in this case: 5G and 4S are none.
LETTER_UNITS = {"m": "米", "g": "克", "t": "吨", "L": "升", "W": "瓦", "V": "伏", "h": "小时", "s": "秒"}

# Before these a lone 2 is 两. Never before 日 月 号 楼 栋 幢 单元 层 级 期 组 室: there it is an ordinal.
TAKES_LIANG = (
    r"(?:[个位名人户家次天周岁秒米吨升斤克块元点时只台辆部套间条件份张本袋箱盒桶瓶片盏株棵场项种类轮针剂"
    r"例支批倍步处起道门所趟遍桌把副双对节餐顿碗杯粒包颗根度万亿]"
    r"|千(?![瓦克米帕伏])|小时|分钟|刻钟|公里|公斤|平方|立方|毫米|毫升|厘米|摄氏度|年(?!级)|室(?=[0-9]厅))"
)

# Before these a number counts something, so it is no telephone number and no room, whatever it looks like.
COUNTED = (
    r"(?:[余多元万亿千百个位名户家次天年月日周岁分秒米吨升斤克度瓦伏套台辆间层栋幢楼室房级期条件份张页路点时"
    r"片盏株棵只本袋箱盒桶毫厘块场亩例支剂批组倍步字兆瓶把桌座摄%℃㎡A-Za-z]"
    r"|人(?![民社])|部(?!门)|号(?!码)|小时|公里|公斤|平方|平米|立方)"
)

# What follows these is a number to be dialled or typed, digit by digit.
DIALLED = (
    r"(?:电话|热线|拨打|致电|请拨|手机|座机|号码|短号|总机|传真|客服|微信|QQ|验证码|密码|编号|工号|证号"
    r"|卡号|账号|户号|尾号|单号)"
)

# The provinces' signs on number plates.
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

# Written in capitals but said as words.
SAID_AS_WORDS = {"WIFI": "WiFi", "COVID": "COVID"}

# Between the ends of a range.
DASH = r"\s?(?:--|——|[-‐‑–—−~～〜])\s?"
