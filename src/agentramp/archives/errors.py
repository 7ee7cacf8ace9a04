"""What can be wrong with an archive, and with the way to it."""

from agentramp.errors import RefusedError

_MOST = 120


class FetchError(RefusedError):
    """The archive did not come, or another one came than was asked for."""


class ArchiveError(RefusedError):
    """The archive is broken or could do harm; nothing of it was kept."""


def quoted(text: str) -> str:
    """A name out of an archive, with nothing in it that a terminal would obey."""
    safe = text.encode("unicode_escape").decode("ascii")
    return repr(safe if len(safe) <= _MOST else f"{safe[:_MOST]}…").replace("\\\\", "\\")


def refused(name: str, why: str) -> ArchiveError:
    return ArchiveError(
        f"the archive is refused for its entry {quoted(name)}: {why}",
        advice="nothing of it was kept; ask whoever made it for an archive of plain files and"
        " folders, and look where it comes from",
    )


def broken(why: str) -> ArchiveError:
    return ArchiveError(
        f"the archive is broken: {why}",
        advice="nothing of it was kept; usual cause: it was cut or changed on its way, or it is"
        " neither a zip nor a tar (.gz, .bz2, .xz); fetch it again, or make it anew",
    )


def beyond(what: str) -> ArchiveError:
    return ArchiveError(
        f"the archive is refused: {what}",
        advice="nothing of it was kept; leave out of it what running does not need",
    )
