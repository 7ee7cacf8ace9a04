"""One remote of one repository, by git itself: quiet, bounded in time, and leaving no trace.

Nothing here touches the index, the work tree, HEAD, FETCH_HEAD or a local ref; only objects are
added. Settings go by the environment, and so do passwords: arguments can be read by everyone.
Needs git 2.31.
"""

import base64
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from agentramp import program

_NAME: Final = "agentramp-journal"
_MOST_OUTPUT: Final = 1 << 30
_MAY_BE_A_NAME = re.compile(r"[\w./-]+")
_USER = re.compile(r"(?<=://)[^/\s]+@")
_DENIED = re.compile(
    r"returned error: 40[13]|permission.{0,200}denied|denied to|authentication failed"
    r"|could not read (username|password)|read[- ]only|insufficient permission"
    r"|not allowed to|prohibited|declined|hidden ref",
    re.IGNORECASE,
)

_ADVICE = ("hint:", "Please make sure", "and the repository exists", "To ")

# What git hands to the programs it starts: a hook's repository is not the one that is meant here.
_OF_ANOTHER_REPOSITORY: Final = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_GRAFT_FILE", "GIT_PREFIX"),
    *("GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_QUARANTINE_PATH"),
    *("GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX"),
}
_NOT_FOR_GIT: Final = ("GIT_TRACE", "ACTIONS_", "AGENTRAMP_", "AGENTRUN_", "ALIBABA_")
"""A trace may show a password; a helper that git starts needs nothing of the cloud. Logins to a
site that has repositories stay, as helpers such as gh's take them from there."""
_QUIET: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}
_SETTINGS: Final = (
    ("core.hooksPath", os.devnull),
    ("push.pushOption", ""),
    ("log.showSignature", "false"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)


@dataclass(frozen=True)
class Answer:
    """``why`` is what git said last, without passwords; empty where it did as told."""

    ok: bool
    out: str
    why: str

    @property
    def is_denied(self) -> bool:
        """Whether trying again is in vain: the remote knows us and does not let us."""
        return not self.ok and _DENIED.search(self.why) is not None


@dataclass(frozen=True)
class GitRemote:
    """``remote`` is a configured remote's name, a URL or a path. ``timeout`` is seconds a call."""

    repository: Path
    remote: str
    environ: Mapping[str, str]
    timeout: float

    def __str__(self) -> str:
        return without_users(self.remote)

    def tip(self, ref: str) -> Answer:
        """The commit ``ref`` is at over there, as ``out``; empty where it is not there."""
        answer = self._there("ls-remote", "--", _NAME, ref)
        found = (line.split("\t") for line in answer.out.splitlines())
        shas = [sha for sha, name in found if name == ref]
        return Answer(answer.ok, shas[0] if shas else "", answer.why)

    def push(self, sha: str, ref: str) -> Answer:
        """Without force, so that git refuses what does not follow on what is there."""
        return self._there(
            *("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags"),
            *("--no-recurse-submodules", "--", _NAME, f"{sha}:{ref}"),
        )

    def fetch(self, ref: str) -> Answer:
        return self._there(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="),
            *("--no-recurse-submodules", "--", _NAME, ref),
        )

    def log(self, tip: str, layout: str) -> Answer:
        """Every commit up to ``tip``, oldest first, of what lies here already.

        A shallow clone hides parents that are missing; here a missing one is a fault.
        """
        return self._here(
            *("log", "-z", "--reverse", "--topo-order", "--no-color", "--no-notes"),
            *(f"--format={layout}", tip, "--"),
            extra={"GIT_SHALLOW_FILE": ""},
        )

    def commit(self, text: str, parent: str, extra: Mapping[str, str]) -> Answer:
        """A commit of nothing but its message; ``out`` is its name. ``extra`` says who and when."""
        tree = self._empty_tree
        if not tree.ok:
            return tree
        follows = ("-p", parent) if parent else ()
        answer = self._here(
            *("commit-tree", "--no-gpg-sign", tree.out.strip(), *follows, "-F", "-"),
            stdin=text.encode("utf-8", "replace"),
            extra=extra,
        )
        return Answer(answer.ok, answer.out.strip(), answer.why)

    @cached_property
    def _empty_tree(self) -> Answer:
        return self._here("mktree")

    @cached_property
    def _settings_there(self) -> tuple[tuple[str, str], ...]:
        """One remote with one address, whatever else is configured for the name."""
        if not _MAY_BE_A_NAME.fullmatch(self.remote):
            return _reached(self.remote)
        known = self._here("remote", "get-url", "--push", "--", self.remote)
        return _reached(known.out.strip() if known.ok else self.remote)

    def _there(self, *arguments: str) -> Answer:
        return self._run(arguments, (*_SETTINGS, *self._settings_there))

    def _here(
        self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None
    ) -> Answer:
        return self._run(arguments, _SETTINGS, stdin, extra)

    def _run(
        self,
        arguments: tuple[str, ...],
        settings: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            ended = program.run(
                ["git", "-C", str(self.repository), *arguments],
                timeout=self.timeout,
                stdin=stdin,
                environ={**_environment(self.environ, settings), **(extra or {})},
                most=_MOST_OUTPUT,
            )
        except program.ProgramError as error:
            return Answer(ok=False, out="", why=without_users(error.message))
        out = ended.out.decode("utf-8", "replace")
        if ended.status == 0:
            return Answer(ok=True, out=out, why="")
        said = _said(out, ended.err) or f"git ended with status {ended.status}"
        return Answer(ok=False, out="", why=without_users(said))


def _said(out: str, err: str) -> str:
    """Why it failed, on one line: the refs that were refused, and what is no advice."""
    refused = [line.split("\t")[-1] for line in out.splitlines() if line.startswith("!\t")]
    lines = [line.strip() for line in err.splitlines()]
    told = [line for line in lines if line and not line.startswith(_ADVICE)]
    return "; ".join([*refused, *told])


def without_users(text: str) -> str:
    """``text`` without the user names and passwords of the addresses in it."""
    return _USER.sub("***@", text)


def _environment(environ: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _OF_ANOTHER_REPOSITORY and not name.startswith(_NOT_FOR_GIT)
    }
    told = kept.get("GIT_CONFIG_COUNT", "")
    first = int(told) if told.isdecimal() else 0
    numbered = list(enumerate(settings, first))
    # An askpass that was set for git alone can answer without a person; any other would hang.
    return {
        "GIT_ASKPASS": "",
        **kept,
        **_QUIET,
        **{f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in numbered},
        **{f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in numbered},
        "GIT_CONFIG_COUNT": str(first + len(numbered)),
    }


def _reached(url: str) -> tuple[tuple[str, str], ...]:
    """Settings that reach ``url``; git would hand a password in it to its helper as an argument."""
    address = (f"remote.{_NAME}.url", url)
    if not re.match(r"https?://[^/]*@", url):
        return (address,)
    user = urlsplit(url).netloc.rpartition("@")[0]
    clean = url.replace(f"{user}@", "", 1)
    name, colon, password = user.partition(":")
    address = (f"remote.{_NAME}.url", clean)
    if not colon:
        return address, (f"credential.{clean}.username", unquote(name))
    secret = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    header = f"http.{clean}.extraHeader"
    return address, (header, ""), (header, f"Authorization: Basic {secret}")
