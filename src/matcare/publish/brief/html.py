"""HTML in which every text is escaped unless it was made here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Html", "definitions", "items", "join", "paragraphs", "section", "table", "tag"]


class Html(str):
    """A text that is HTML already; any other text is escaped where it is put into a page."""

    __slots__ = ()


def _safe(content: object) -> str:
    return content if isinstance(content, Html) else escape(str(content), quote=True)


def join(parts: Iterable[object], between: str = "") -> Html:
    """Return the parts one after another, escaped where need be; None is left out."""
    return Html(between.join(_safe(part) for part in parts if part is not None))


def tag(name: str, *content: object, **attributes: object) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        ``td``, ``th`` …
    *content : object
        Texts (escaped) and `Html`; None is left out.
    **attributes : object
        Values (escaped); ``class_`` and ``aria_label`` stand for ``class`` and ``aria-label``. None leaves one out.

    Returns
    -------
    Html

    Examples
    --------
    >>> tag("td", "<script>", class_="n")
    '<td class="n">&lt;script&gt;</td>'
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{pairs}>{join(content)}</{name}>")


def paragraphs(texts: Iterable[object], class_: str | None = None) -> Html:
    """Return a paragraph of each text."""
    return join(tag("p", text, class_=class_) for text in texts if text)


def items(texts: Iterable[object], class_: str | None = None) -> Html:
    """Return a list of the texts; nothing where there are none."""
    rows = [tag("li", text) for text in texts if text]
    return tag("ul", *rows, class_=class_) if rows else Html("")


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    class_: str | None = None,
) -> Html:
    """Return a table whose first column names the row.

    Parameters
    ----------
    caption : str
        What it shows.
    head : sequence of str
        Names of the columns.
    rows : iterable of sequences
        Cells, texts or `Html`.
    numbers : sequence of int
        Columns that stand to the right.
    class_ : str, optional
        Class of the table.

    Returns
    -------
    Html
        In a frame that scrolls sideways on a narrow screen, and takes the focus for it.
    """
    right = frozenset(numbers)
    kinds = ["n" if i in right else None for i in range(len(head))]
    top = join(tag("th", text, scope="col", class_=kind) for text, kind in zip(head, kinds, strict=True))
    body = join(
        tag("tr", tag("th", row[0], scope="row"), *(_cell(cell, kinds[i]) for i, cell in enumerate(row[1:], 1)))
        for row in rows
    )
    title = tag("caption", tag("span", caption))  # the span stays in view while the table scrolls below it
    inside = tag("table", title, tag("thead", tag("tr", top)), tag("tbody", body), class_=class_)
    return tag("div", inside, class_="scroll", role="region", aria_label=caption, tabindex="0")


def _cell(content: object, kind: str | None) -> Html:
    """Return a cell; by far the most of a page's elements, so it is written without :func:`tag`."""
    return Html(f'<td class="{kind}">{_safe(content)}</td>' if kind else f"<td>{_safe(content)}</td>")


def definitions(pairs: Iterable[tuple[object, object]], class_: str | None = None) -> Html:
    """Return a list of terms and what each is."""
    return tag("dl", *(tag("div", tag("dt", term), tag("dd", value)) for term, value in pairs), class_=class_)


def section(heading: str, *content: Any, id_: str, class_: str | None = None) -> Html:
    """Return a section under its heading; nothing where it has no content."""
    inside = join(part for part in content if part)
    if not inside:
        return Html("")
    return tag("section", tag("h2", heading, id=id_), inside, class_=class_, aria_labelledby=id_)
