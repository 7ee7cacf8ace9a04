"""What a version's description says about where it came from: its package and its commit.

A platform keeps neither, so publishing writes them into the description, in front of any words.
"""

from dataclasses import dataclass

DIGESTS, COMMIT = ("sha256:", "crc64:"), "git:"


@dataclass(frozen=True)
class Provenance:
    """``digest`` with its kind before it, ``commit`` without; None where nothing is said."""

    digest: str | None = None
    commit: str | None = None
    words: str = ""


def provenance(description: str) -> Provenance:
    digest: str | None = None
    commit: str | None = None
    words = []
    for word in description.split():
        if digest is None and word.startswith(DIGESTS):
            digest = word
        elif commit is None and word.startswith(COMMIT):
            commit = word.removeprefix(COMMIT)
        else:
            words.append(word)
    return Provenance(digest, commit, " ".join(words))
