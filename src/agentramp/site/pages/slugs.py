"""The last part of a page's address.

The vendor's publisher makes it of the file's name, so that is what stands here for a name of
letters, digits and dashes: a site that it published to keeps its addresses. It makes nothing of
any other letter; such a name gets six characters of its digest, and stays apart from the next.
"""

import hashlib
import re

_OTHER = re.compile(r"[^a-z0-9]+")
_DIGITS = 6


def slug(link: str) -> str:
    """Of a page's file or of a folder, named from the folder that is published."""
    name = re.sub(r"\.md$", "", link, flags=re.IGNORECASE)
    plain = _OTHER.sub("-", name.lower()).strip("-")
    if name.isascii() and plain:
        return plain
    return f"{plain}-{_digest(name)}".strip("-")


def suffix(board_id: str) -> str:
    """What stands behind each slug of one board: the same on the site for ever."""
    return _digest(board_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
