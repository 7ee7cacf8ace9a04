"""What never goes into a package, whatever the ignore files say.

Secrets are told by their names, and where a name is ambiguous (a ``.pem`` may be a public
certificate) by what the file holds. The rules are for the source folder; installed dependencies,
which ship certificates of their own, are packed as they are.
"""

import re
from fnmatch import fnmatchcase, translate
from pathlib import Path

from agentramp.package.logins import holds_login

NOISE = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".agentramp",
        ".s",
        ".venv",
        "venv",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".DS_Store",
    }
)
BYTE_CODE = "__pycache__"
BYTE_CODE_ENDINGS = (".pyc", ".pyo")
VENV_MARK = "pyvenv.cfg"

SECRET_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".aliyun", ".azure", ".kube", ".docker"})
SECRET_FILES = (
    ".env",
    ".env[._~-]*",
    "*.env",
    ".envrc",
    "*.p8",
    "*.p12",
    "*.pfx",
    "*.ppk",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.tfstate*",
    ".htpasswd",
    ".netrc",
    "_netrc",
    ".pypirc",
    ".git-credentials",
    ".pgpass",
)
SHARED_EXAMPLE = re.compile(
    r"\.env[._-](?:.+[._-])?(?:example|sample|template|dist)|(?:example|sample|template)\.env"
)
SSH_KEYS = ("id_rsa", "id_ed25519", "id_ecdsa", "id_dsa")
SSH_PUBLIC = ".pub"
KEY_FILES = ("*.pem", "*.key")
PUBLIC_MARKS = (b"-----BEGIN CERTIFICATE", b"-----BEGIN PUBLIC KEY", b"-----BEGIN X509 CRL")
PRIVATE_MARK = b"PRIVATE KEY"
TOKEN_FILES = (".npmrc", ".yarnrc", ".yarnrc.yml")
TOKEN_MARKS = (b"_auth", b"_password", b"npmauthtoken", b"npmauthident")
INDEX_FILES = ("pip.conf", "pip.ini", "uv.toml", "*requirements*.txt", "constraints*.txt")
"""They may name a registry together with its password."""
CREDENTIAL_FILES = (
    "*credential*.json",
    "*service-account*.json",
    "*service_account*.json",
    "client_secret*.json",
)
CREDENTIAL_MARKS = (b"private_key", b"secret", b"refresh_token", b"access_key", b"accesskey")
LARGEST_READ = 1 << 20
"""A bigger file under a key's name is no certificate: it stays out unread."""
SUSPECT = re.compile(
    "|".join(
        translate(pattern)
        for pattern in (
            *SECRET_FILES,
            *KEY_FILES,
            *TOKEN_FILES,
            *INDEX_FILES,
            *CREDENTIAL_FILES,
            *(f"{name}*" for name in SSH_KEYS),
        )
    )
)
"""Every name that one of the rules is about: nearly all files are done with after one match."""


def is_noise(name: str) -> bool:
    return name in NOISE or is_byte_code(name)


def is_byte_code(name: str) -> bool:
    """It holds the times and paths of the machine it was made on."""
    return name == BYTE_CODE or name.endswith(BYTE_CODE_ENDINGS)


def is_secret_folder(name: str) -> bool:
    return name.lower() in SECRET_FOLDERS


def is_secret_file(name: str, path: str) -> bool:
    lowered = name.lower()
    if not SUSPECT.fullmatch(lowered) or SHARED_EXAMPLE.fullmatch(lowered):
        return False
    if _matches(lowered, SECRET_FILES) or _is_ssh_key(lowered):
        return True
    if _matches(lowered, KEY_FILES):
        return not _is_public(_content(path))
    if lowered in TOKEN_FILES:
        return _holds(_content(path), TOKEN_MARKS)
    if _matches(lowered, INDEX_FILES):
        content = _content(path)
        return content is None or holds_login(content.decode(errors="replace"))
    return _matches(lowered, CREDENTIAL_FILES) and _holds(_content(path), CREDENTIAL_MARKS)


def _is_ssh_key(lowered: str) -> bool:
    """``id_rsa``, ``id_rsa.old``, ``id_ed25519_deploy``; not ``id_rsa.pub`` nor a module's name."""
    return lowered.startswith(SSH_KEYS) and not lowered.endswith((SSH_PUBLIC, ".py"))


def _matches(lowered: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(lowered, pattern) for pattern in patterns)


def _is_public(content: bytes | None) -> bool:
    if content is None or PRIVATE_MARK in content:
        return False
    return any(mark in content for mark in PUBLIC_MARKS)


def _holds(content: bytes | None, marks: tuple[bytes, ...]) -> bool:
    return content is None or any(mark in content.lower() for mark in marks)


def _content(path: str) -> bytes | None:
    """The whole content, or None where it is too long to be judged."""
    with Path(path).open("rb") as file:
        content = file.read(LARGEST_READ + 1)
    return content if len(content) <= LARGEST_READ else None
