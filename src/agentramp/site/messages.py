"""What is said in the end, in English and in Chinese."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("en", "zh")
ON_PAGE: Final[Mapping[str, str]] = {
    "en": "Your documentation site is ready. Go back to agentramp to publish to it.",
    "zh": "您的文档网站已经就绪，请回到 agentramp 继续发布文档。",  # noqa: RUF001 - Chinese text
}
"""Shown to the payer, on the broker's own page."""
_READY: Final = {
    "en": "your documentation site is ready: {url}",
    "zh": "您的文档网站已就绪：{url}",  # noqa: RUF001 - Chinese text
}
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_NEUTRAL: Final = ("C", "POSIX")


def ready(language: str, url: str) -> str:
    return _READY[language].format(url=url)


def language(asked: str | None, environ: Mapping[str, str], preferred: str = "") -> str:
    """What was asked for, else the environment's, else the one the account prefers."""
    locale = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    if locale.partition(".")[0] in _NEUTRAL:
        locale = ""
    for said in (asked, locale, preferred):
        if said:
            return "zh" if said.lower().startswith("zh") else "en"
    return "en"
