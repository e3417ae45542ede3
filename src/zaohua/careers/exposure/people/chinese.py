"""Chinese: a name is a family name and one or two characters that make no word of work, where people are spoken of."""

import re
from functools import cache
from pathlib import Path

from zaohua.careers.exposure.matching import matcher
from zaohua.careers.exposure.model import model

_DOUBLE = "欧阳|司马|上官|诸葛|司徒|东方|尉迟|皇甫|慕容|令狐|夏侯|端木|公孙|长孙|宇文|轩辕|南宫"
_SINGLE = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧肖冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅"
    "钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎闫薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊"
    "乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐申葛柴伍覃骆关焦柳欧祝纪尚毕耿芦左季管辛苗詹曲靳祁路涂兰甘裴梅童翁霍游阮"
    "尤岳柯牟滕谷舒卜饶宁凌盛冉鲍华屈艾尧费成戚桂卫隋丛奚封项沙简漆包佟佘宫岑应巩闵褚仲阳卓桑仇冷戎郎符古冀卞司臧官丰况迟蒲党祖虞束甄鞠"
)
_GIVEN = (  # characters that names are mostly made of
    "伟强磊洋勇军杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢阳建亮成健峰志国文东海山仁贵福生元全胜学祥才发武新利清"
    "彬富顺信子昌康星光天达安岩茂进有坚和彪博诚先敬震振壮思群豪心邦承乐绍功松善厚庆民友裕河哲江政谦奇翰朗宏言若鸣朋梁栋维"
    "启克伦翔泽晨辰士以家致树炎德泰盛雄琛钧冠策腾楠航弘毅永世广义兴良保力少小晓大中正立春夏秋冬雨雪秀娟英慧巧美娜静淑惠"
    "珠翠雅芝玉萍红娥玲芬芳燕彩菊兰凤洁梅琳素云莲真环荣爱妹霞香月莺媛艳瑞凡佳嘉琼勤珍贞莉桂叶璐娅琦晶妍茜珊莎锦黛青倩婷"
    "婉娴瑾颖露瑶怡婵雁蓓仪荷丹蓉君琴蕊薇菁梦岚苑柔竹凝枫芸菲寒欣滢宜可舒影思丽育馥轩然涵一诗梓睿浩博萱冰雷敏丽超"
)
_BEFORE = (
    r"由|在|为|替|按|交|向|给|跟|与|和|同|对|找|经|请|协助|配合|联系|接替|归|受|听从|服从|陪同|代替|顶替|主管|经理|上级|领导|"
    r"负责人|联系人|导师|组长|同事|总监|部长|主任|老板|师傅|秘书|助理|店长|客户|汇报人|姓名|称呼|…[、和及与]"
)
_DEEDS = (
    r"负责|汇报|审[批核定阅]|签[字批发署]|批准|同意|[带率]领|安排|交[办接代]|分管|主管|牵头|报告|请示|对接|沟通|确认|转交|开会|"
    r"处理|直接|共同|一[起同]|复核|协商|讨论|出差"
)
_POSTS = (
    r"先生|女士|小姐|老师|经理|总监|主任|部长|组长|主管|同事|师傅|医生|大夫|教授|院长|校长|园长|厂长|书记|处长|科长|局长|"
    r"董事长|董事|总经理|秘书|店长|律师|护士长|同学|阿姨|博士|总(?![监经部体结量数和分计务裁])|总裁"
)
_TOLD = rf"(?:{_DOUBLE}|[{_SINGLE}])[{_GIVEN}]{{1,2}}"
_ANY = rf"(?:(?:{_DOUBLE})|[{_SINGLE}])[^\W\d_a-zA-Z的和与及等并]{{1,2}}?"
_END = r"(?=$|[、，。；;,.）)(（和及与的]|等人)"
_SPOKEN_OF = re.compile(
    rf"^(?P<whole>{_TOLD})$|(?:{_BEFORE})[:：]?(?P<told>{_TOLD})"
    rf"|(?:^|[:：（(，,；;。]|{_BEFORE})(?:(?P<titled>{_ANY})(?:{_POSTS})|(?P<doing>{_ANY})(?={_DEEDS}))"
    rf"|(?:{_BEFORE})[:：]?(?P<alone>{_ANY}){_END}"
    rf"|(?P<post>[{_SINGLE}]|{_DOUBLE})(?:{_POSTS})"
)
# Everyday words that begin with a family name, or with a word before names, and that tasks seldom hold.
_WORDS = frozenset((Path(__file__).parent / "everyday_words.txt").read_text(encoding="utf-8").split())


@cache
def _work() -> frozenset[str]:
    """Runs of two characters of the tasks and titles that the project knows."""
    found = {run for words in (model("zh-words").base.words, matcher("zh").words) for run in words.place}
    return frozenset({run for run in found if len(run) == 2} | _WORDS)


def without_chinese_names(line: str, hidden: str) -> str:
    """The line with `hidden` for names."""
    while True:  # a name that was found tells of the next: 由李娜、张强审批
        found, at = [], 0
        while match := _SPOKEN_OF.search(line, at):
            start, end = match.span(kind := match.lastgroup or "")
            if _is_name(line, start, match[kind], kind):
                found += [line[at:start], hidden]
                at = end
            else:
                found.append(line[at : match.start() + 1])
                at = match.start() + 1
        if not found or (shown := "".join([*found, line[at:]])) == line:
            return line
        line = shown


def _is_name(line: str, start: int, name: str, kind: str) -> bool:
    joint = line[max(start - 1, 0) : start + 1]  # 对于, 由于: the word before and the family name are one
    if start and joint in (_work() if kind == "post" else _WORDS):
        return False
    return len(name) == 1 or name[:2] not in _work()
