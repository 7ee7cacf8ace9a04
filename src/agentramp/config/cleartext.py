"""Which texts are secrets, judged by a name or by a known shape. No text is ever shown."""

import re
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS: Final = frozenset(
    re.findall(
        r"\w+", "secret secrets password passwd pwd passphrase passcode credential credentials"
    )
)
# These name a secret only at the end of a name: KEY_PREFIX and TOKEN_LIMIT are settings.
_SECRET_ENDINGS: Final = frozenset({"token", "key", "keys", "pass", "jwt", "bearer", "auth"})
# These only tell one of several: API_KEY_2, DB_PASSWORD_PROD.
_VARIANTS: Final = frozenset(
    re.findall(
        r"\w+",
        """prod production dev development test staging stage old new current previous next primary
        secondary backup v""",
    )
)
_RUN_TOGETHER: Final = re.compile(
    r"(?:apikeys?|secretkey|accesskey|privatekey|authtoken|accesstoken|password|passwd|licensekey"
    r"|(?:db|user|root|admin|mysql|redis|smtp)pass)$"
)
# A last word that makes the name one of a setting: SECRET_NAME, PASSWORD_LENGTH.
_SETTING_ENDINGS: Final = frozenset(
    re.findall(
        r"\w+",
        """name names path file dir folder prefix suffix limit limits length size count max min ttl
        expiry expires expiration timeout url uri endpoint host type kind provider id policy
        rotation enabled required header field column format version store arn region window
        budget""",
    )
)
_NOT_SECRET_BEFORE: Final = frozenset(
    re.findall(r"\w+", "public primary foreign partition sort cache max min num limit sampling")
)
# SINGLE_PASS is a way to work, REQUIRE_AUTH and USE_JWT are switches.
_NO_ENDING_AFTER: Final = {
    "pass": frozenset(re.findall(r"\w+", "by single multi one two first second final")),
    **dict.fromkeys(
        ("auth", "jwt", "bearer"),
        frozenset(
            re.findall(
                r"\w+",
                """enable enabled disable disabled require requires required use uses no skip with
                need needs allow is has""",
            )
        ),
    ),
}
_PLACEHOLDER: Final = re.compile(
    r"<[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|\*+|[\w-]{0,8}\*{3,}\w{0,4}|(?:\w{1,8}[-_])?x{3,}|\.{3,}|-+"
    r"|(?:sk-)?(?:your|my)[-_ ].*|.*[-_ ]here|change[-_ ]?me|replace[-_ ]?me|example|dummy|fake"
    r"|test|todo|none|null|empty|unset|optional|not[-_ ]?(?:needed|used|required|set)|unused"
    r"|placeholder|no[-_ ]?key|true|false|yes|no|on|off|enabled?|disabled?"
    r"|basic|digest|oidc|oauth2?|saml|ldap|jwt|bearer|anonymous",  # the answers to AUTH=
    re.IGNORECASE,
)
_MASKED: Final = re.compile(r"x{4}|\*{3}|\.{3}|your|example", re.IGNORECASE)
_SHAPES: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"LTAI[A-Za-z0-9]{12,30}"  # Alibaba Cloud access key id
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"  # AWS access key id
    r"|AIza[A-Za-z0-9_-]{35}"  # Google API key
    r"|sk-(?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic, DashScope, DeepSeek
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"  # GitLab
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|hf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|pypi-[A-Za-z0-9_-]{40,}"
    r"|npm_[A-Za-z0-9]{36}"
    r"|eyJ[A-Za-z0-9_-]{8,300}\.eyJ[A-Za-z0-9_-]{8}"  # JSON web token
    # Addresses of chat rooms: who knows one may write there.
    r"|hooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9]{6,30}/[A-Za-z0-9/]{10}"
    r"|oapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{32}"
    r"|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[0-9a-f-]{30}"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[0-9a-f-]{30}"
    r"|discord(?:app)?\.com/api/webhooks/[0-9]{1,30}/[A-Za-z0-9_-]{30}"
    r")|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
)
_PASSWORD_IN_URL: Final = re.compile(r"://[^\s:/@]{0,100}:([^\s:/@<>${}]{3,200})@")
_KEPT_FOR_EXAMPLES: Final = frozenset({"password", "passwd", "pass", "pwd", "user", "secret"})


def name_words(name: str) -> list[str]:
    """Split ``apiKey``, ``API_KEY`` and ``api-key`` alike; small letters."""
    return [word.lower() for word in _WORDS.findall(name[:200])]


def is_secret_name(name: str) -> bool:
    """Tell whether what stands under this name is a secret, by the last words of the name."""
    words = _without_variants(name_words(name))
    if not words:
        return False
    if words[-1] in _SETTING_ENDINGS:
        return words[-3:] == ["access", "key", "id"]
    if _SECRET_WORDS & set(words) or _RUN_TOGETHER.search("".join(words)):
        return True
    others = _NOT_SECRET_BEFORE | _NO_ENDING_AFTER.get(words[-1], frozenset())
    return words[-1] in _SECRET_ENDINGS and not others & set(words)


def _without_variants(words: list[str]) -> list[str]:
    kept = len(words)
    while kept > 1 and (words[kept - 1].isdigit() or words[kept - 1] in _VARIANTS):
        kept -= 1
    return words[:kept]


def looks_like_secret(text: str) -> bool:
    """Tell whether a secret of a known shape stands anywhere in this text."""
    shaped = (found.group() for found in _SHAPES.finditer(text))
    if any(not _MASKED.search(shape) for shape in shaped):
        return True
    passwords = (found.group(1) for found in _PASSWORD_IN_URL.finditer(text))
    return any(
        word.lower() not in _KEPT_FOR_EXAMPLES and not is_placeholder(word) for word in passwords
    )


def is_placeholder(text: str) -> bool:
    """Tell texts that stand where a secret will: empty, ``<your-key>``, ``changeme``."""
    stripped = text.strip()
    return not stripped or _PLACEHOLDER.fullmatch(stripped[:200]) is not None
