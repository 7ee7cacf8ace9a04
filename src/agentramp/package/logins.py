"""Passwords and tokens in the addresses of registries, told from what only stands for one."""

import re

USER_INFO = re.compile(r"(?P<ssh>ssh)?://(?P<name>[^\s/:'\"]*)(?::(?P<password>[^\s/'\"]*))?@")
QUERY = re.compile(
    r"://[^\s'\"]+[?&][\w-]*(?:token|password|secret|signature)=(?P<value>[^\s&'\"]+)",
    re.IGNORECASE,
)
PROXY = re.compile(r"proxy\s*=\s*[^\s/:@]+:(?P<value>[^\s/@]+)@")
STANDS_FOR_ONE = re.compile(r"(?:\$\{\w+\})+|<[^<>]*>|\*+|\.{3}|")
"""``${NAME}``, which pip and uv replace from the environment, or a gap in a remark."""
MERE_NAMES = frozenset({"git", "hg", "aws", "oauth2accesstoken", "vsssessiontoken", "__token__"})
"""User names that registries ask everybody to write, the password being kept elsewhere."""


def holds_login(text: str) -> bool:
    return login_line(text) is not None


def login_line(text: str) -> int | None:
    """The number of the first line with a password or a token in an address; remarks count."""
    for number, line in enumerate(text.splitlines(), start=1):
        if any(not STANDS_FOR_ONE.fullmatch(secret) for secret in _secrets(line)):
            return number
    return None


def _secrets(line: str) -> list[str]:
    """A name without a password is taken for a token, as many registries want it there."""
    found = [match["password"] or _token(match) for match in USER_INFO.finditer(line)]
    found += [match["value"] for pattern in (QUERY, PROXY) for match in pattern.finditer(line)]
    return found


def _token(match: re.Match[str]) -> str:
    mere_name = match["ssh"] or match["name"].lower() in MERE_NAMES
    return "" if mere_name else str(match["name"])
