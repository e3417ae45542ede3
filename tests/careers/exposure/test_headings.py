"""Advertisements as they are printed: what in them is a duty, and the job that they name."""

import json
from pathlib import Path

import pytest

from zaohua.careers.exposure.assess import assess
from zaohua.careers.exposure.duties import duties
from zaohua.careers.exposure.headings import named
from zaohua.cli import run

WAREHOUSE = """Warehouse Operative (Night Shift) – Leeds
£13.20 per hour + overtime

We are looking for reliable people to join our busy distribution centre.

What you'll be doing:
• Picking orders with a handheld scanner
• Loading lorries by hand

What we need from you:
• Able to lift up to 25kg
Benefits: 28 days holiday. Call Sandra Whitfield on 0113 496 0000.
"""
ENGINEER = """# Machine Learning Engineer

**About the role**
You will train and deploy recommendation models. You will review code and write design documents.

**About you**
5+ years of Python. PhD a plus.
"""
TEACHER = """【岗位名称】幼儿园教师
【工作地点】成都
【岗位职责】
1、负责班级幼儿的日常教学活动；
2、照顾幼儿的生活起居。
【任职资格】
1、大专以上学历；
薪资：5000-7000元/月
"""
PARALEGAL = "Paralegal wanted. Draft contracts and pleadings for the partners. Organise files for trial."
COURIER = "岗位：外卖骑手\n每天按系统派单到商家取餐，送到顾客手中；处理顾客投诉"
NURSE = "Night Nurse\nResponsibilities include: administering medication; monitoring vital signs of patients."
MANAGER = """Social Media Manager (Remote)

Acme Outdoor is a fast-growing retailer of camping gear. We're looking for a storyteller.

In this role you will:
- Plan and publish content across Instagram and TikTok
- Answer comments from our community

You should have:
- 3 years' experience in social media

Pay: $55k–$65k. EOE.
"""
ACCOUNTANT = """职位名称：财务会计
公司：某某科技有限公司
职位描述：
负责日常账务处理，编制记账凭证；
配合年度审计工作。
我们提供：五险一金、带薪年假
"""
PLUMBER = (
    "Plumber required for a firm in Cork.\nWork includes fitting bathrooms.\nMust have own tools. €22/hr. Ring Declan."
)
CLERK = """JOB DESCRIPTION
Post: Data Entry Clerk
Reports to: Office Manager
Key tasks
1. Enter new members' details into the database.
2. Scan and file paper forms.
Person specification
Essential: accurate typing at 50 wpm.
"""
STORE_KEEPER = """仓库管理员（包吃住）
工作内容：1.货物的收发、入库登记2.定期盘点库存，保证账实相符
要求：初中以上学历
工资：4500-6000
"""
ELECTRICIAN = """高薪诚聘电工2名
岗位要求：持电工证
岗位职责：负责配电设备的巡检和维修；填写检修记录
联系电话：13800001234 李经理
"""
COOK = """Are you passionate about food? The Old Mill is hiring a Chef de Partie.

You'll run your own section and train commis chefs. You must be able to work weekends.
"""
JUNIOR = """Job Title: Junior Accountant
Department: Finance

The Role
Posting journals and preparing VAT returns. Chasing late payers by phone.

Skills
Part-qualified ACCA. Team player.
"""
ADVERTISEMENTS = {
    WAREHOUSE: ("53-7065", ["Picking orders with a handheld scanner", "Loading lorries by hand"]),
    ENGINEER: (
        "15-2051",
        ["You will train and deploy recommendation models", "You will review code and write design documents"],
    ),
    TEACHER: ("25-2012", ["负责班级幼儿的日常教学活动", "照顾幼儿的生活起居"]),
    PARALEGAL: ("23-2011", ["Draft contracts and pleadings for the partners", "Organise files for trial"]),
    COURIER: ("43-5021", ["每天按系统派单到商家取餐，送到顾客手中", "处理顾客投诉"]),
    MANAGER: (
        "11-2032",
        ["Plan and publish content across Instagram and TikTok", "Answer comments from our community"],
    ),
    ACCOUNTANT: ("13-2011", ["负责日常账务处理，编制记账凭证", "配合年度审计工作"]),
    PLUMBER: ("47-2152", ["Work includes fitting bathrooms"]),
    CLERK: ("43-9021", ["Enter new members' details into the database", "Scan and file paper forms"]),
    STORE_KEEPER: ("43-5071", ["货物的收发、入库登记", "定期盘点库存，保证账实相符"]),
    ELECTRICIAN: ("47-2111", ["负责配电设备的巡检和维修", "填写检修记录"]),
    COOK: ("35-2014", ["You'll run your own section and train commis chefs"]),
    JUNIOR: ("13-2011", ["Posting journals and preparing VAT returns", "Chasing late payers by phone"]),
    NURSE: ("29-1141", ["administering medication", "monitoring vital signs of patients"]),
}


@pytest.mark.parametrize("text", ADVERTISEMENTS)
def test_the_duties_and_the_name_of_an_advertisement(text: str) -> None:
    code, found = ADVERTISEMENTS[text]
    assert duties(text) == found
    told = named(text)
    assert told is not None
    assert told.code == code
    with_name, without = assess(found, told), assess(found)
    assert with_name.leading == code
    assert with_name.own == without.own
    assert [each.share for each in with_name.duties] == [each.share for each in without.duties]


@pytest.mark.parametrize("first", ["Bus Driver, Metro Transit", "Driver\nNorth depot"])
def test_a_first_line_over_sentences_is_none(first: str) -> None:
    listed = ["Operate a bus on fixed routes.", "Collect fares and issue transfers.", "Take X-rays of engines."]
    assert duties("\n".join([first, *listed])) == [each.rstrip(".") for each in listed]


@pytest.mark.parametrize(
    "text",
    [
        "Serve the guests\nCount the cash daily",
        "Draw posters for concerts",
        "Join metal parts by welding\nApply varnish to furniture\nLocation scouting for films",
        "- Write reports\n- Weld plates",
        "接待来店的顾客\n每晚清点现金",
        "Our glorious quest\n- Slay the dragons of the north\n- Guard the gold of the dwarves",
    ],
)
def test_duties_alone_name_no_job(text: str) -> None:
    assert named(text) is None
    assert len(duties(text)) >= len(text.splitlines()) - 1


def test_the_words_of_the_name_go_no_further(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "job.txt"
    file.write_text("Registered nurse (Sandra Whitfield)\n- Monitor vital signs\n- Administer drugs", encoding="utf-8")
    assert run(["careers", "assess", str(file), "--json", "--html", str(tmp_path / "page.html")]) == 0
    shown, page = capsys.readouterr().out, (tmp_path / "page.html").read_text(encoding="utf-8")
    assert json.loads(shown)["named"]["asked"] == ""
    assert "Whitfield" not in shown + page
