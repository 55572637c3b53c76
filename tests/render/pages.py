"""The HTML page taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = ("meta", "link", "input")
DRAWN = ("d", "x", "y", "height", "viewbox")
"""Attributes that hold nothing but geometry."""


class Element:
    """An element with its attributes, text and children."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Return what is below with this tag and these attributes (``class_`` is ``class``), in page order."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            e
            for e in self._below()
            if tag in ("", e.tag) and all(e.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str = "", **attributes: str) -> Element:
        """Return the first of ``all``."""
        return self.all(tag, **attributes)[0]

    @property
    def text(self) -> str:
        """The text, without line ends around it."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children).strip()

    @property
    def texts(self) -> list[str]:
        """Every piece of text on its own, but styles and scripts."""
        found = (
            ["" if self.tag in ("style", "script") else c] if isinstance(c, str) else c.texts
            for c in self.children
        )
        return [text for texts in found for text in texts]

    @property
    def said(self) -> str:
        """Everything that is told, in texts and in attributes, one piece a line."""
        attributes = ((name, value) for e in self.all() for name, value in e.attributes.items())
        return "\n".join((*self.texts, *(value or "" for name, value in attributes if name not in DRAWN)))

    def _below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()


class _Reader(HTMLParser):
    """Builds the tree and refuses what is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.path = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), f"an attribute of {tag} is there twice: {names}"
        element = Element(tag, dict(attrs))
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.path[-1].tag == tag, f"</{tag}> closes <{self.path[-1].tag}>"
        self.path.pop()

    def handle_data(self, data: str) -> None:
        self.path[-1].children.append(data)


def parse(page: str) -> Element:
    """Return the page's tree; every element must be closed, in order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.path) == 1, f"not closed: {[e.tag for e in reader.path[1:]]}"
    return reader.path[0]
