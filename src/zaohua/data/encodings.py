"""Which encoding a text file is in, with Chinese files got right even when they are short.

UTF-8 is tried first: other text hardly ever passes its strict decoder. GB18030 and Big5 share most byte pairs, so both
are decoded and the reading that looks like Chinese wins: the commonest characters make up most of any Chinese text,
and the wrong table turns them into rare ones. Whatever does not look like Chinese goes to charset-normalizer.
"""

import codecs
import re
from functools import cache

# The commonest characters of modern and classical prose, simplified, and the traditional forms that differ.
_COMMON = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性"
    "知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次"
    "度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建"
    "务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路"
    "记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笑飞风步改收根干造言联持组每济车亲极林服快"
    "办议往元英士证近失转夫令准布始怎呢存未远叫台单影具罗字爱击流备兵连调深商算质团集百需价花党华城石级整府离况亚请技际约示复病"
    "息究线似官火断精满支视消越器容照须九增研写称企八功吗包片史委乎查轻易早曾除农找装广显吧阿李标谈吃图念六引历首医局突专费号尽"
    "另周较注语仅考落青随选列武红响虽推势参希古众构房半节土投某案黑维革划敌致陈律足态护七兴派孩验责营星够章音跟志底站严巴例防族"
    "供效续施留讲型料终答紧黄绝奇察母京段依批群项故按河米围江织害斗双境客纪采举杀攻父苏密低朝友诉止细愿千值仍男钱破网热助倒育属"
    "坐帝限船脸职速刻乐否刚威毛状率甚独球般普怕弹校苦创曰吾汝皆乃亦哉矣焉耳尔若夜春秋云雨雪月梦酒诗词歌送归"
)
_TRADITIONAL = (
    "這個們來為國說時會對於著過發後裡裏經麼學現當沒動還進開從實軍無與長機關點業將兩間問並應戰頭體見產話內門東聲員解論處義幾認條"
    "氣題爾別變總電數報結務場計資統區隊決馬書聽卻達強難權張該規萬覺術領確傳師觀讓識導爭運飛風幹聯組濟車親極辦議證轉準遠單羅愛擊"
    "備連調質團級離亞請際約復線斷滿視寫稱輕農裝廣顯談圖歷醫專費號盡較語僅隨選紅響雖勢參眾構節維劃敵態護興驗責營夠講嚴終緊黃絕項"
    "圍織鬥雙紀舉殺蘇訴細願錢網熱屬臉職樂剛狀獨彈創雲夢詩詞歸萬聖龍鳳劍漢趙劉孫陳楊黃鄭許呂張馮鄧葉"
)
_KOREAN = frozenset("이다는을를에의가은고하지기도로한서그나어사자아리있게라대들해")  # the commonest syllables
_SAMPLE = 1 << 17  # bytes looked at from the first one that is not ASCII; enough for any decision
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]")
_NOT_CHINESE = -1.05  # mean score below which a long text is not Chinese; Korean read as GB2312 scores -1.3
_SHORT = 1.5  # a short text may score lower by this over the root of its length: few characters, much chance
_WESTERN = frozenset("àâäçéèêëîïôöùûüñßáíóúãœÀÂÄÇÉÈÊËÎÏÔÖÙÛÜÑÁÍÓÚŒ“”‘’–—…«»°£©®·¿¡€\xa0")
_MISLEADING = (
    "utf_16",
    "utf_32",
    "johab",
    "utf_7",
)  # what charset-normalizer answers for short texts that it cannot tell


@cache
def _scores() -> dict[str, float]:
    """How usual each character is in Chinese text, as a rough logarithm: 0 for the commonest."""
    scores: dict[str, float] = {}
    for table, rows in (
        ("gb2312", range(0xB0, 0xD8)),
        ("big5", range(0xA4, 0xC7)),
    ):  # the levels of everyday characters
        for row in rows:
            for cell in range(0x40, 0xFF):
                try:
                    scores[bytes((row, cell)).decode(table)] = -1.5
                except UnicodeDecodeError:
                    continue
    scores.update(dict.fromkeys(_COMMON + _TRADITIONAL, 0.0))
    scores.update(dict.fromkeys("，。、；：？！“”‘’（）《》「」『』【】—…·　〈〉", 0.0))
    return scores


def _chineseness(text: str) -> float:
    """Mean score of the characters outside ASCII (rare ones, kana, private use: -4), less what Chinese must reach."""
    scores = _scores()
    values = [scores.get(character, -4.0) for character in text if character > "\x7f"]
    if not values:
        return -4.0
    return sum(values) / len(values) - _NOT_CHINESE + _SHORT / len(values) ** 0.5


def _decode(data: bytes, encoding: str, final: bool) -> str | None:
    """`data` decoded strictly, but for a character cut off at the end of a sample; None if it is not that encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final)
    except UnicodeDecodeError:
        return None


def _chinese(sample: bytes, final: bool) -> str | None:
    """The Chinese encoding in which the sample reads best, Hong Kong's and Microsoft's Big5 included, or None."""
    best, winner = 0.0, None
    for encoding in ("gb18030", "big5", "big5hkscs", "cp950"):
        text = _decode(sample, encoding, final)
        if text is not None and (score := _chineseness(text)) > best:
            best, winner = score, encoding
    return winner


def _korean(sample: bytes, final: bool) -> bool:
    """Whether the sample is Korean: EUC-KR's syllables lie where GB2312 has its everyday characters."""
    text = _decode(sample, "cp949", final)
    if text is None:
        return False
    values = [character in _KOREAN for character in text if character > "\x7f"]
    return sum(values) > 0.2 * len(values)


def _other(sample: bytes, final: bool) -> str | None:
    """A Western European or another 8-bit encoding, or None."""
    text = _decode(sample, "cp1252", final)
    if text is not None and _WESTERN.issuperset(character for character in text if character > "\x7f"):
        return "cp1252"
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    if guess is None or guess.encoding.startswith(_MISLEADING):
        return None
    return codecs.lookup(guess.encoding).name


def detect(data: bytes, *, final: bool = True) -> str | None:
    """The codec that decodes `data`, or None if it is not text in any encoding we can name with confidence.

    final: False if `data` is the beginning of something longer, so that its last character may be cut off.
    Returns a Python codec name: "ascii", "utf-8", "utf-8-sig", "utf-16", "gb18030", "big5", …
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding if _decode(data, encoding, final) is not None else None
    if b"\0" in data:
        return None  # binary: no 8-bit encoding of text has NUL bytes
    if data.isascii():
        return "ascii"
    if _decode(data, "utf-8", final) is not None:
        return "utf-8"
    first = _HIGH.search(data)
    assert first is not None
    start = data.rfind(b"\n", 0, first.start()) + 1
    sample = data[start : start + _SAMPLE]
    whole = final and start + _SAMPLE >= len(data)
    found = "cp949" if _korean(sample, whole) else _chinese(sample, whole) or _other(sample, whole)
    return found if found and _decode(data, found, final) is not None else None
