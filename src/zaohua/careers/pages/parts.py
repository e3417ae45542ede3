"""Sections about one occupation that several pages share."""

from zaohua.careers import activities, complementarity, human, learning, outlook, store, studies
from zaohua.careers.finding.find import Found
from zaohua.careers.names import activity, element, of_class, study
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import charts
from zaohua.careers.pages.kinds import kinds_present, kinds_table
from zaohua.careers.pages.section import MODEL, Section, Table, number
from zaohua.careers.profile import Profile
from zaohua.careers.share import exposure
from zaohua.i18n import t

_ACTIVITIES, _SENTENCES = 10, 20


def how_found(found: Found) -> str:
    """One sentence: what was asked was taken for which occupation, and how sure that is."""
    title, code = occupations()[found.code].title, found.code
    percent = round(100 * found.confidence)
    if found.how == "code":
        return t("careers.found_code", title=title, code=code)
    named = (t("careers.found_code", title=occupations()[each.code].title, code=each.code) for each in found.others)
    others = t("careers.found_others", others=t("careers.comma").join(named)) if found.others else ""
    if found.csco:
        key, others = "careers.found_csco", "" if found.sure else others
    elif found.sure:
        return t("careers.found_sure", asked=found.asked, title=title, code=code)
    elif found.how == "shared":
        key = "careers.found_shared"
    else:
        key, others = "careers.found_unsure", others or t("careers.found_exact")
    sentence = t(key, asked=found.asked, csco=found.csco, title=title, code=code, percent=percent)
    return t("careers.two_sentences", one=sentence, two=others) if others else sentence


def work(code: str) -> Section | None:
    """The activities that weigh most, each with what the model makes of it."""
    known = activities.of(code)[:_ACTIVITIES]
    if not known:
        return None
    scored = [activities.scores()[name] for name, _ in known]
    rows = tuple(
        (
            activity(name),
            f"{share:.0%}",
            t(f"careers.level_{each.level}"),
            f"{each.share:.0%}",
            kinds_present(each.kinds),
        )
        for (name, share), each in zip(known, scored, strict=True)
    )
    return Section(
        t("careers.section_work"),
        (t("careers.work_lead"),),
        table=Table(tuple(t(f"careers.{name}") for name in ("activity", "share", "level", "expected", "kind")), rows),
        notes=(t("careers.work_note"),),
        chart=(t("careers.chart_activities"), lambda: charts.activities(known, scored)),
        tables=("activities", "activity_titles", "activity_scores"),
        publications=MODEL,
    )


def halved(code: str) -> Section:
    """How much of the work could be halved in time, with its doubt and what the raters make of it."""
    found, title = exposure(code), t("careers.section_halved")
    if found is None:
        return Section(title, (t("careers.halved_none"),), tables=("studies",))
    share, low, high, people, gpt4 = (
        f"{100 * value:.0f}" for value in (found.share, found.low, found.high, found.people, found.gpt4)
    )
    rows = tuple(
        (t(f"careers.level_{name}"), f"{getattr(found, name):.0%}") for name in ("likely", "uncertain", "unlikely")
    )
    return Section(
        title,
        (
            t("careers.halved_text", share=share, low=low, high=high),
            t("careers.halved_raters", people=people, gpt4=gpt4),
        ),
        table=Table((t("careers.level"), t("careers.share_of_tasks")), rows),
        notes=(t("careers.halved_note"),),
        publications=MODEL,
    )


def kinds(code: str) -> Section | None:
    """The same by kind of content."""
    found = exposure(code)
    if found is None:
        return None
    lead, note = t("careers.kinds_lead"), t("careers.kinds_note")
    chart = t("careers.chart_kinds"), lambda: charts.kinds(found.kinds)
    table = kinds_table(found.kinds)
    return Section(t("careers.section_kinds"), (lead,), table=table, notes=(note,), chart=chart, publications=MODEL)


def tasks(code: str) -> Section | None:
    """Task sentences, once an update has brought them."""
    found = [row["text"] for row in store.rows("tasks") if row["code"] == code] if store.has("tasks") else []
    if not found:
        return None
    lead = t("careers.tasks_here_lead")
    return Section(t("careers.section_tasks_here"), (lead,), tuple(found[:_SENTENCES]), tables=("tasks",))


def published(code: str) -> Section:
    """The studies side by side, with what their raters make of each other."""
    findings = studies.findings(code)
    title = t("careers.section_studies")
    if not findings:
        return Section(title, (t("careers.no_studies"),), tables=("studies",))
    sentences = [t("careers.studies_lead")]
    if said := raters(code):
        sentences.append(said)
    rows = tuple(
        (
            study(each.measure),
            f"{each.value:.2f}",
            str(each.percentile),
            each.date.replace("-", "\u2011"),
        )
        for each in findings
    )
    head = tuple(t(f"careers.{name}") for name in ("measure", "value", "below", "date"))
    chart = t("careers.chart_studies"), lambda: charts.places(findings)
    return Section(title, tuple(sentences), table=Table(head, rows), chart=chart, tables=("studies",))


def raters(code: str) -> str:
    """Whether people and GPT-4 place the occupation alike; "" where one of them has not labelled it."""
    placed = {finding.measure: finding.percentile for finding in studies.findings(code)}
    if not {"people_beta", "gpt4_beta"} <= placed.keys():
        return ""
    people, model = placed["people_beta"], placed["gpt4_beta"]
    key = "careers.raters_differ" if abs(people - model) >= 15 else "careers.raters_agree"
    return t(key, people=people, model=model)


def handed_over(code: str) -> Section:
    """Automation against augmentation in published use, with how weak that evidence is."""
    share = studies.measures()["anthropic_automation"].get(code)
    if share is None:
        return Section(t("careers.section_automation"), (t("careers.automation_none"),), tables=("studies",))
    year, month = studies.month_of_use()
    text = t("careers.automation_text", percent=round(100 * share), year=year, month=month)
    sentences = text, t("careers.automation_weak")
    return Section(t("careers.section_automation"), sentences, tables=("studies",))


def setting(code: str) -> Section:
    """Complementarity and its six groups."""
    found, title = complementarity.of(code), t("careers.section_theta")
    if found is None:
        return Section(title, (t("careers.theta_none"),), tables=("context",))
    rows = tuple((t(f"careers.group_{group}"), f"{score:.2f}") for group, score in found.groups.items())
    return Section(
        title,
        (t("careers.theta_text", theta=f"{found.theta:.2f}", percentile=found.percentile),),
        table=Table((t("careers.group"), t("careers.score")), rows),
        notes=(t("careers.theta_old"),),
        chart=(t("careers.chart_map"), lambda: charts.exposure_map([code])),
        tables=("context", "occupations"),
        publications=MODEL,
    )


def employment(code: str) -> Section:
    """Projected employment, the stated reasons, and the honest answer about exposure and decline."""
    one, (first, last) = outlook.outlooks()[code], outlook.years()
    sentences = [
        t(
            "careers.outlook_text",
            first=first,
            last=last,
            employment=number(one.employment, 1),
            change=number(one.change_percent, 1, sign=True),
            national=number(outlook.national_change(), 1, sign=True),
            openings=number(one.openings, 1),
        ),
        t(
            "careers.outlook_entry",
            education=of_class(one.education),
            experience=of_class(one.experience),
            training=of_class(one.training),
        ),
    ]
    stated = outlook.reasons(code)
    sentences.append(t("careers.reasons_lead" if stated else "careers.no_reasons"))
    return Section(
        t("careers.section_outlook"),
        tuple(sentences),
        tuple(_reason(each) for each in stated),
        tables=("projections", "reasons"),
    )


def predicted() -> Section:
    """The founding question: does exposure predict decline?"""
    return Section(t("careers.section_honest"), (honest(),), tables=("projections", "studies"))


def honest() -> str:
    """Whether exposure goes with projected decline, computed from the shipped tables."""
    agreed = studies.with_growth()
    strongest = max(studies.GENERATIVE, key=lambda name: abs(agreed[name].rho))
    rho, n = abs(agreed[strongest].rho), agreed[strongest].n
    return t("careers.honest", rho=f"{rho:.2f}", n=n, fo=f"{agreed['frey_osborne'].rho:+.2f}".replace("-", "−"))


def _reason(each: outlook.Reason) -> str:
    some = "careers.reason_one" if each.industries == 1 else "careers.reason_some"
    where = "careers.reason_everywhere" if each.everywhere else some
    return t(
        "careers.reason",
        kind=t(f"careers.reason_{each.kind}"),
        direction=t(f"careers.direction_{each.direction}"),
        everywhere=t(where, n=each.industries),
        ai=t("careers.reason_ai") if each.names_ai else "",
    )


def pay(code: str) -> Section:
    """Wages with what their marks mean."""
    wages, title = outlook.wages().get(code), t("careers.section_wages", year=outlook.year_of_wages())
    if wages is None or wages.p50 is None:
        return Section(title, (t("careers.wages_none"),), tables=("wages",))
    if wages.p10 is None or wages.p90 is None:
        sentences = [t("careers.wages_median", p50=number(wages.p50))]
    else:
        sentences = [t("careers.wages_text", p50=number(wages.p50), p10=number(wages.p10), p90=number(wages.p90))]
    limit = number(max(value for value in (wages.p50, wages.p75, wages.p90) if value is not None))
    notes = {">": (t("careers.wages_above", limit=limit),), "h": (t("careers.wages_hourly"),)}.get(wages.mark, ())
    return Section(title, tuple(sentences), notes=notes, tables=("wages",))


def stays(code: str) -> Section:
    """What stays with people."""
    lines = [
        t("careers.human_group", name=t(f"careers.group_{group}"), percentile=place)
        for group, place in human.settings(code)
    ]
    lines += [t("careers.human_skill", name=element(name), level=f"{level:.1f}") for name, level in human.asked(code)]
    lead = t("careers.human_lead" if lines else "careers.human_none")
    return Section(t("careers.section_human"), (lead,), tuple(lines), tables=("context", "levels"))


def learn(profile: Profile) -> Section:
    """What to learn, never without a word on pay."""
    missing, tools = learning.recurring_gaps(profile.reachable), learning.software(profile.code)
    comma = t("careers.comma")
    lines = []
    if missing:
        lines.append(t("careers.learn_skills", skills=comma.join(element(name) for name in missing)))
    if tools:
        lines.append(t("careers.learn_software", software=comma.join(tools)))
    lines += [t("careers.learn_check"), t("careers.learn_pay")]
    return Section(t("careers.section_learn"), (), tuple(lines), tables=("levels", "software", "wages"))
