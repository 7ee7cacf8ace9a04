"""A folder of Markdown, read whole: every page, or every fault in any of them at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentramp.diagnostics import ConfigError, Diagnostic, Position
from agentramp.errors import UsageError
from agentramp.site.pages import front_matter, lexical, markdown, order, slugs
from agentramp.site.pages.document import Collection, Page, Writing
from agentramp.site.pages.folder import MOST_BYTES, SIDEBAR, Found, find
from agentramp.site.pages.targets import Targets

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


def read(root: Path, within: Path) -> Collection:
    """``within`` is where pictures may come from. Raises ConfigError and UsageError."""
    root, within = root.resolve(), within.resolve()
    if not root.is_dir():
        raise UsageError(
            f"{root} is no folder", advice="name the folder that holds the Markdown pages"
        )
    faults: list[Diagnostic] = []
    found = find(root, faults)
    around = within if root.is_relative_to(within) else root
    targets = Targets(root, around, frozenset(one.file for one in found), faults)
    reader = _Reader(root, markdown.parser(), targets, faults)
    pages = [page for one in found if (page := reader.page(one)) is not None]
    tree, unlisted = _tree(reader, tuple(pages))
    published = Collection(tree, (), tuple(targets.notices), unlisted)
    wrong = [*_told(published, pages, faults), *_dead(published), *_doubles(published)]
    if wrong:
        error = ConfigError(wrong)
        error.advice = "mend the lines named above, and publish again; nothing was sent"
        raise error
    shown = {sha256 for one in published.writings for sha256 in one.images.values()}
    pictures = tuple(one for one in targets.pictures.values() if one.sha256 in shown)
    return replace(published, pictures=pictures)


def _told(
    published: Collection, pages: Iterable[Page], faults: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """A page that is left out may have faults."""
    left = {one.file for one in Collection(tuple(pages), ()).writings}
    left -= {one.file for one in published.writings}
    return (fault for fault in faults if fault.position.file not in left)


def _dead(published: Collection) -> Iterator[Diagnostic]:
    """Links to a draft, or to a page that the list of pages leaves out."""
    there = {page.link for page in published.every}
    for writing in published.writings:
        for href, target in writing.links.items():
            if target.link not in there:
                message = f"the page {target.link} is not published"
                yield Diagnostic(target.at, href, message, "link")


def _tree(reader: "_Reader", pages: tuple[Page, ...]) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    if not (reader.root / SIDEBAR).is_file():
        return order.by_name(pages), ()
    text = reader.text(SIDEBAR)
    return order.by_sidebar(text, pages, reader.faults, reader.targets.notices)


def _doubles(published: Collection) -> Iterator[Diagnostic]:
    """Two pages with one address would take each other's place on the site."""
    seen: dict[str, str] = {}
    for page in published.every:
        name = slugs.slug(page.link)
        is_told = page.writing is None and page.link.lower().endswith(".md")  # it is not there
        if name in seen and not is_told:
            at = Position(page.writing.file if page.writing else page.link, 1, 1)
            message = f"would have the address of {seen[name]}, {name}: rename one of them"
            yield Diagnostic(at, "", message, "address")
        seen.setdefault(name, page.link)


@dataclass(frozen=True)
class _Reader:
    root: Path
    parser: "MarkdownIt"
    targets: Targets
    faults: list[Diagnostic]

    def page(self, found: Found) -> Page | None:
        """None for a draft."""
        writing = self.writing(found.file)
        if writing is None:
            return None
        others = ((tag, self.writing(file)) for tag, file in found.translations)
        translations = tuple((tag, one) for tag, one in others if one is not None)
        return Page(found.file, writing.title, writing, translations)

    def writing(self, file: str) -> Writing | None:
        head = front_matter.read(self.text(file), file, self.faults)
        if head.draft:
            return None
        tokens = self.parser.parse(head.body)
        addresses = markdown.addresses(tokens, head.body, head.lines)
        links, images = self.targets.resolve(file, addresses)
        h1, blocks = _headed(tokens)
        self.html(file, blocks, head.lines)
        title = head.title or h1 or order.spoken(file)
        return Writing(
            file,
            title,
            h1 or title,
            lexical.state(blocks),
            links,
            images,
            labels=head.labels,
            icon=head.icon,
            order=head.order,
        )

    def html(self, file: str, blocks: "tuple[Token, ...]", above: int) -> None:
        found = list(markdown.html(blocks))
        if found:
            line, begins = found[0]
            more = f", and {len(found) - 1} more" if found[1:] else ""
            self.targets.notices.append(
                f"{file}:{line + above + 1}:1: HTML is shown as it is written: {begins}{more}"
            )

    def text(self, file: str) -> str:
        """Empty where it cannot be read, which is a fault."""
        path = self.root / file
        try:
            if not path.resolve(strict=True).is_relative_to(self.root):
                return self._fault(file, "is a link out of the folder")
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                return self._fault(file, f"is no file, or larger than {MOST_BYTES} bytes")
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start])
            line = before.count(b"\n") + 1
            return self._fault(file, "is not UTF-8 here; save it anew as UTF-8", line)
        except (OSError, RuntimeError) as error:
            return self._fault(file, f"cannot be read: {getattr(error, 'strerror', error)}")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _fault(self, file: str, message: str, line: int = 1) -> str:
        self.faults.append(Diagnostic(Position(file, line, 1), "", message, "page"))
        return ""


def _headed(tokens: "list[Token]") -> "tuple[str, tuple[Token, ...]]":
    """The first heading of the first level, which a site shows by itself, and the rest."""
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1" and token.level == 0:
            h1 = markdown.words(tokens[at + 1].children or ())
            return h1.strip(), (*tokens[:at], *tokens[at + 3 :])
    return "", tuple(tokens)
