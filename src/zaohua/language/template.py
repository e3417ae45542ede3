"""Chat templates come with models, from strangers: rendered in jinja2's sandbox, within limits of work, size and time.

What transformers adds to the language is here too: loop controls, `tojson` that escapes no HTML, `raise_exception`,
`strftime_now` and `{% generation %}`, a block around what the assistant says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from json import dumps
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.template_limits import LARGEST_VALUE, OverLimitError, guarded, size, spend, spending

LARGEST_TEMPLATE = 200_000  # characters; real ones have 500 to 20,000
BEGIN, END = "\ufdd0", "\ufdd1"  # around a generation block; noncharacters, which no text contains
_LARGEST_POWER = 10_000  # bits
_WIDE = re.compile(r"\d{5}|%[-+ #0]*\*")  # in a format: a field as wide as a book, or as an argument says


class RefusedError(ZaohuaError):
    """The template itself says that it has no form for these messages."""


class Template:
    """A compiled chat template.

    today: the day that `strftime_now` tells, the real one if left out. Raises ZaohuaError, in one line, for text that
    is no template.
    """

    def __init__(self, source: str, today: datetime | None = None) -> None:
        if len(source) > LARGEST_TEMPLATE:
            raise ZaohuaError(t("chat.template_too_large", size=len(source), largest=LARGEST_TEMPLATE))
        self.source = source
        environment = _Sandbox()
        environment.globals["strftime_now"] = lambda form: (today or datetime.now()).strftime(form)
        try:
            self._template = environment.from_string(source)
        except Exception as error:  # a hostile template can bring down every stage of a compiler in its own way
            raise ZaohuaError(t("chat.bad_template", reason=one_line(error))) from error

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text, with BEGIN and END around generation blocks.

        variables: plain JSON values. Raises RefusedError where the template calls raise_exception, ZaohuaError where it
        fails or goes beyond a limit.
        """
        pieces, length = [], 0
        try:
            with spending():
                for piece in self._template.generate(**variables):
                    pieces.append(piece)
                    length += len(piece)
                    if length > LARGEST_VALUE:
                        raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
        except OverLimitError as error:
            raise ZaohuaError(t("chat.over_limit", reason=error)) from error
        except _RaisedError as error:
            raise RefusedError(t("chat.refused", reason=one_line(error))) from error
        except Exception as error:  # whatever Python raises for what the template asks of it
            raise ZaohuaError(t("chat.bad_template", reason=one_line(error))) from error
        return "".join(pieces)


class _Sandbox(ImmutableSandboxedEnvironment):
    """jinja2's sandbox, in which every loop, call, filter and operator that makes much of little is counted."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, LoopControlExtension], finalize=_shown
        )
        self.filters["tojson"] = _to_json
        self.filters = {name: _guarded_filter(function) for name, function in self.filters.items()}
        self.filters |= {"zaohua_steps": _steps, "zaohua_joined": _joined, "zaohua_made": _made}
        self.globals |= {"raise_exception": _raise, "namespace": _Namespace}
        del self.globals["lipsum"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = _Counting().visit(super()._parse(source, name, filename))
        return tree.set_environment(self)

    def call(__self, __context: Any, __object: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  (jinja2's names)
        owner = getattr(__object, "__self__", None)
        owner = owner if isinstance(owner, str | list | tuple | dict) else None
        return guarded(
            lambda: super(_Sandbox, __self).call(__context, __object, *args, **kwargs),
            owner,
            [*args, *kwargs.values()],
        )

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """str.format and format_map as the sandbox has them."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and _WIDE.search(value.__self__):
            raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
        return wrapped

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """`left operator right`"""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        wide = operator == "%" and isinstance(left, str) and _WIDE.search(left)
        if wide or (operator == "**" and not (numbers and size(left) * abs(right) <= _LARGEST_POWER)):
            raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
        repeats = operator == "*" and not numbers
        if repeats and isinstance(left, int):
            left, right = right, left
        return guarded(
            lambda: super(_Sandbox, self).call_binop(context, operator, left, right), left, [right] if repeats else []
        )


class _Counting(NodeTransformer):
    """Puts filters of ours around what the sandbox does not intercept; a template can shadow no filter."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  (the visitor's naming)
        """A loop: each step, with the plain text inside it, counts."""
        plain = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        node.iter = _filter(node.iter, "zaohua_steps", nodes.Const(1 + plain))  # type: ignore[arg-type]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """`a ~ b`"""
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "zaohua_joined")

    def visit_List(self, node: nodes.Expr) -> nodes.Node:  # noqa: N802
        """A list, table or tuple that is made, not one that is assigned to."""
        self.generic_visit(node)
        return _filter(node, "zaohua_made") if getattr(node, "ctx", "load") == "load" else node

    visit_Tuple = visit_Dict = visit_List  # noqa: N815


def _filter(node: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)


def _steps(items: Iterable[Any], cost: int) -> Iterator[Any]:
    for item in items:
        spend(cost)
        yield item


def _joined(parts: list[Any]) -> str:
    spend(size(parts))
    return "".join(map(str, parts))


def _made(value: Any) -> Any:
    spend(size(value))
    return value


def _shown(value: Any) -> Any:
    """What stands between {{ and }}."""
    spend(size(value))
    return value


def _guarded_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)  # keeps the mark by which jinja2 passes its environment or context first
    def guard(*arguments: Any, **options: Any) -> Any:
        values = arguments[1:] if hasattr(function, "jinja_pass_arg") else arguments
        if function.__name__ == "do_format" and _WIDE.search(str(values[0])):
            raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
        return guarded(lambda: function(*arguments, **options), values[0], [*values[1:], *options.values()])

    return guard


class _Generation(Extension):
    """`{% generation %} … {% endgeneration %}`: its content between two marks."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> nodes.Node:
        """The block as a call that gets its content."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller: Callable[[], str]) -> str:
        return BEGIN + caller() + END


class _Namespace(Namespace):
    """A namespace without names that begin with an underscore, which lead into Python."""

    def __init__(*args: Any, **kwargs: Any) -> None:  # without `self`, which may be a key
        Namespace.__init__(*args, **kwargs)
        for name in dict(*args[1:], **kwargs):
            _check_name(name)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


def _check_name(name: object) -> None:
    if str(name).startswith("_"):
        raise TemplateError(f"namespace: {name}")


class _RaisedError(TemplateError):
    """From raise_exception."""


def _raise(message: object) -> None:
    raise _RaisedError(str(message))


def _to_json(
    x: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
