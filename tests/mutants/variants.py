"""What may stand in the place of one piece of a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

T = TypeVar("T")

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_NAMES |= {"removeprefix": "removesuffix", "removesuffix": "removeprefix"}
_NAMES |= {"startswith": "endswith", "endswith": "startswith"}
_OPERATORS = (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Attribute, ast.Subscript)
_PLAIN = (ast.Name, ast.Call, ast.Attribute, ast.Subscript)


def variants(node: ast.expr | ast.stmt, parent: ast.AST, returns: ast.expr | None) -> Iterator[str]:
    """Yield the texts that may stand in the place of ``node`` in a function that returns ``returns``."""
    for variant in _variants(node, parent, returns):
        text = ast.unparse(variant)
        inside = isinstance(parent, _OPERATORS) and isinstance(variant, ast.BinOp | ast.BoolOp | ast.Compare)
        yield f"({text})" if inside else text
    if isinstance(node, _PLAIN) and _decides(node, parent):
        yield f"not {ast.unparse(node)}"


def _decides(node: ast.AST, parent: ast.AST) -> bool:
    """Tell whether a branch or a filter hangs on the node alone."""
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.comprehension(ifs=ifs):
            return node in ifs
        case _:
            return False


def _variants(
    node: ast.expr | ast.stmt, parent: ast.AST, returns: ast.expr | None
) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC and returns is not None:
            yield ast.BinOp(left, _ARITHMETIC[type(op)](), right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for rest in _each_dropped(values):
                yield ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from _constants(value, parent)
        case ast.Call() | ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
            yield from _shorter(node, parent)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _unfiltered(node)
        case _:
            yield from _statements(node, returns)


def _comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for index, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            yield ast.Compare(
                node.left, [*node.ops[:index], other(), *node.ops[index + 1 :]], node.comparators
            )


def _constants(value: object, parent: ast.AST) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, str) and isinstance(parent, ast.Call) and _is_decimal(parent):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return
        yield ast.Constant(str(number + _last_place(number)))


def _is_decimal(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "Decimal"


def _last_place(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal((0, (1,), exponent if isinstance(exponent, int) else 0))


def _shorter(
    node: ast.Call | ast.Tuple | ast.List | ast.Set | ast.Dict, parent: ast.AST
) -> Iterator[ast.expr]:
    """Yield a call by another name or without a keyword, and a display without one of its elements."""
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            yield from (ast.Call(other, arguments, keywords) for other in _renamed(function))
            for keyword in keywords:
                if keyword.arg != "strict":
                    yield ast.Call(function, arguments, [each for each in keywords if each is not keyword])
        case ast.Tuple(elts=elements, ctx=ast.Load()) if not isinstance(parent, ast.Subscript):
            yield from (ast.Tuple(rest, ast.Load()) for rest in _each_dropped(elements) if rest)
        case ast.List(elts=elements, ctx=ast.Load()):
            yield from (ast.List(rest, ast.Load()) for rest in _each_dropped(elements))
        case ast.Set(elts=elements):
            yield from (ast.Set(rest) for rest in _each_dropped(elements) if rest)
        case ast.Dict(keys=keys, values=values):
            for index in range(len(keys)):
                yield ast.Dict(keys[:index] + keys[index + 1 :], values[:index] + values[index + 1 :])
        case _:
            return


def _renamed(function: ast.expr) -> Iterator[ast.expr]:
    match function:
        case ast.Name(id=name) if name in _NAMES:
            yield ast.Name(_NAMES[name], ast.Load())
        case ast.Attribute(value=value, attr=name) if name in _NAMES:
            yield ast.Attribute(value, _NAMES[name], ast.Load())
        case _:
            return


def _unfiltered(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[ast.expr]:
    """Yield a comprehension without one of its filters."""
    for index, each in enumerate(node.generators):
        for rest in _each_dropped(each.ifs):
            looser = ast.comprehension(each.target, each.iter, rest, each.is_async)
            generators = [*node.generators[:index], looser, *node.generators[index + 1 :]]
            if isinstance(node, ast.DictComp):
                yield ast.DictComp(node.key, node.value, generators)
            else:
                yield type(node)(node.elt, generators)


def _statements(node: ast.expr | ast.stmt, returns: ast.expr | None) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in _ARITHMETIC:
            yield ast.AugAssign(target, _ARITHMETIC[type(op)](), value)
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Return(value=ast.expr() as value) if returns is not None:
            yield from (ast.Return(other) for other in _results(value, ast.unparse(returns)))
        case _:
            return


def _results(value: ast.expr, returns: str) -> Iterator[ast.expr]:
    """Yield other results of the type that the function declares."""
    if returns == "bool" and not isinstance(value, ast.Constant):
        yield ast.UnaryOp(ast.Not(), value)
    if returns.endswith("| None"):
        yield ast.Constant(None)
    if returns.startswith("tuple[") and returns.endswith(", ...]"):
        yield ast.Tuple([], ast.Load())


def _each_dropped(elements: Sequence[T]) -> Iterator[list[T]]:
    """Yield the elements without the first, without the second, and so on."""
    for index in range(len(elements)):
        yield [*elements[:index], *elements[index + 1 :]]
