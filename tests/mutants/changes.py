"""Every small change of a module that a test should notice, found in its syntax tree.

Only the changed expression is written anew, so all other lines stay as they are. Annotations, docstrings, decorators,
f-strings and the bases of classes are left alone: a change there changes no result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from tests.mutants.variants import variants


class Change(msgspec.Struct, frozen=True):
    """One change of one file. ``before`` and ``after`` are its lines, joined into one."""

    file: str
    line: int
    before: str
    after: str
    source: bytes
    """The whole file with the change."""


def find_changes(file: str, source: bytes) -> list[Change]:
    """Return the changes of a module's source, in the order of its lines, each once."""
    starts = _line_starts(source)
    tree = ast.parse(source)
    found: dict[bytes, Change] = {}
    for node, text in _places(tree, returns=None):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        changed = source[:start] + text.encode() + source[end:]
        if changed == source or changed in found:
            continue
        first = starts[node.lineno - 1]
        last = source.find(b"\n", end)
        found[changed] = Change(
            file,
            node.lineno,
            _one_line(source[first:last]),
            _one_line(source[first:start] + text.encode() + source[end:last]),
            changed,
        )
    return sorted(found.values(), key=lambda change: (change.line, change.after))


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _one_line(text: bytes) -> str:
    return " ".join(text.decode().split())


def _places(node: ast.AST, returns: ast.expr | None) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Yield every node that can be changed with each text that may stand in its place."""
    if isinstance(node, ast.FunctionDef):
        returns = node.returns
    for child in _children(node):
        if isinstance(child, ast.expr | ast.stmt):
            for text in variants(child, node, returns):
                yield child, text
        yield from _places(child, returns)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what belongs to the program's behaviour."""
    match node:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return
        case ast.ClassDef(body=body):
            yield from body
        case ast.FunctionDef(args=arguments, body=body):
            yield from arguments.defaults
            yield from (default for default in arguments.kw_defaults if default is not None)
            yield from body
        case ast.keyword(arg="strict"):
            return
        case ast.AnnAssign(value=value):
            yield from () if value is None else (value,)
        case _:
            yield from ast.iter_child_nodes(node)
