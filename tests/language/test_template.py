"""Chat templates: what strangers' templates may not do, and that harmless ones do what transformers has them do."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.errors import ZaohuaError
from zaohua.language import template_limits
from zaohua.language.template import BEGIN, END, LARGEST_TEMPLATE, RefusedError, Template

GREEDY = {
    "loops in loops": "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "macros calling themselves twice": (
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(50) }}"
    ),
    "endless macro": "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "a long string": "{{ 'a' * 10**9 }}",
    "a long list": "{{ ([1] * 10**9) | length }}",
    "doubling by +": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "doubling by ~": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "doubling lists": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}",
    "squaring": "{% set n = namespace(x=3) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "a high power": "{{ 9 ** 99999999 }}",
    "padding by a filter": "{{ 'a' | center(10**9) }}",
    "padding by a method": "{{ 'a'.rjust(10**9) }}",
    "a wide field": "{{ '%999999999d' % 1 }}",
    "a wide field by format": "{{ '{:999999999}'.format(1) }}",
    "a wide field by a filter": "{{ '%999999999d' | format(1) }}",
    "replacing": "{{ ('a' * 10000).replace('a', 'b' * 10000) }}",
    "joining": "{{ ([''] * 10000) | join('b' * 10000) }}",
    "indenting": "{{ ('a\n' * 10000) | indent(10000) }}",
    "plain text in a loop": "{% for i in range(90000) %}" + "a" * 1000 + "{% endfor %}",
    "a captured block": (
        "{% set x %}{% for i in range(90000) %}{{ 'aaaaaaaaaa' * 100 }}{% endfor %}{% endset %}{{ x | length }}"
    ),
}
HOSTILE = {
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__.os }}{{ cycler.__init__.__globals__['os'].system('true') }}",
    "changing what it was given": "{{ messages.append(1) }}",
    "names into Python": "{{ namespace(__class__=1) }}",
    "other files": "{% include '/etc/passwd' %}",
    "no template": "{% for %}",
    "brackets": "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    "an element that is not there": "{{ messages[5].content.foo }}",
}


@pytest.mark.parametrize("name", GREEDY)
def test_a_template_that_asks_for_too_much_is_stopped(name, monkeypatch):
    monkeypatch.setattr(template_limits, "MOST_SECONDS", 0.5)
    with pytest.raises(ZaohuaError, match=r"^[^\n]+$"):
        Template(GREEDY[name]).render({"messages": []})


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_template_must_not_do_is_one_line(name):
    with pytest.raises(ZaohuaError, match=r"^[^\n]+$"):
        Template(HOSTILE[name]).render({"messages": []})


def test_a_template_as_long_as_a_book_is_refused_unread():
    with pytest.raises(ZaohuaError, match=str(LARGEST_TEMPLATE + 1)):
        Template("a" * (LARGEST_TEMPLATE + 1))


def test_what_the_template_itself_refuses_is_told_apart():
    refusing = Template("{% if messages %}{{ raise_exception('no tools here') }}{% endif %}ok")
    assert refusing.render({"messages": []}) == "ok"
    with pytest.raises(RefusedError, match="no tools here"):
        refusing.render({"messages": [1]})


def test_what_transformers_adds_to_the_language():
    day = datetime(2024, 7, 26)
    for source, wanted in {
        "{{ strftime_now('%d %b %Y') }}": "26 Jul 2024",
        "{{ {'a': ['<é>', 1, none]} | tojson }}": '{"a": ["<é>", 1, null]}',
        "{{ [1] | tojson(indent=1) }}": "[\n 1\n]",
        "{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}": "13",
        "{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}": "1",
        "{%- generation -%} hi {%- endgeneration -%} x": f"{BEGIN}hi{END}x",
        "  {% if true %}\n    a\n  {% endif %}\nb": "    a\nb",
    }.items():
        assert Template(source, day).render({}) == wanted


def test_loops_keep_what_jinja_knows_about_them():
    source = (
        "{% for m in messages %}{{ loop.index }}/{{ loop.length }}{{ '!' if loop.last else ',' }}"
        "{{ loop.previtem.a if not loop.first }}{% endfor %}{% for k, v in d.items() %}{{ k ~ v }}{% endfor %}"
    )
    rendered = Template(source).render({"messages": [{"a": 1}, {"a": 2}], "d": {"x": 1, "y": 2}})
    assert rendered == "1/2,2/2!1x1y2"


PIECES = [
    *("{{ ", " }}", "{% for x in ", "messages", " %}", "{% endfor %}", "{% if x %}", "{% endif %}", "{% set x = "),
    *("x", "'a'", " * ", " ~ ", "[x, x]", " | ", "join", "tojson", "range(99)", "(", ")", "{#", "\n", "10 ** 9", "."),
]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_renders_or_is_refused_in_one_line(source):
    try:
        Template(source).render({"messages": [{"role": "user", "content": "a"}]})
    except ZaohuaError as error:
        assert "\n" not in str(error)  # noqa: PT017  (either outcome is right)
