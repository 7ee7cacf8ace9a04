import time

import pytest

from agentramp.config.cleartext import is_placeholder, is_secret_name, looks_like_secret


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY",
        "apiKey",
        "APIKey",
        "apikey",
        "OPENAI_API_KEY",
        "TOKEN",
        "GITHUB_TOKEN",
        "authToken",
        "DB_PASSWORD",
        "passwd",
        "clientSecret",
        "SECRET_KEY",
        "secretKey",
        "AccessKeySecret",
        "ACCESS_KEY_ID",
        "credential",
        "AWS_SECRET_ACCESS_KEY",
        "private-key",
        "SIGNING_KEYS",
        "armsLicenseKey",
        "DJANGO_SECRET",
        "DB_PASS",
        "dbpass",
        "DOOR_PASSCODE",
        "GPG_PASSPHRASE",
        "API_KEY_1",
        "API_KEY_V2",
        "OPENAI_API_KEY_PROD",
        "DB_PASS_STAGING_2",
        "TOKEN_BACKUP",
        "API_KEY_PRIMARY",
        "REDIS_AUTH",
        "JWT",
        "SERVICE_BEARER",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN_LIMIT",
        "MAX_TOKENS",
        "MAX_TOKEN",
        "KEY_PREFIX",
        "SECRET_NAME",
        "PASSWORD_FILE",
        "PASSWORD_LENGTH",
        "MONKEY",
        "KEYBOARD",
        "PUBLIC_KEY",
        "PRIMARY_KEY",
        "PARTITION_KEY",
        "CACHE_KEY",
        "credentialName",
        "TOKENIZER",
        "tokens",
        "API_URL",
        "TURKEY",
        "SECRET_ARN",
        "KEY_ID",
        "TOKEN_URL",
        "TOKEN_LIMIT_1",
        "SECRET_NAME_PROD",
        "PARTITION_KEY_2",
        "BYPASS",
        "BY_PASS",
        "COMPASS",
        "COMPASS_PROD",
        "PASS_THROUGH",
        "SINGLE_PASS",
        "AUTH_MODE",
        "REQUIRE_AUTH",
        "USE_JWT",
        "JWT_ISSUER",
        "OAUTH2",
        "PROD",
        "2",
        "名",
        "_",
    ],
)
def test_names_of_settings(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "LTAI5tAbCdEfGhIjKlMnOpQr",
        "key=AKIAIOSFODNN7ABCDEFG",
        "sk-proj-abcDEF0123456789abcdef",
        "Bearer sk-0123456789abcdef0123456789abcdef",
        "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
        "github_pat_0123456789abcdefghijklmnopqrstuvwxyz",
        "xoxb-123456789012-abcdef",
        "https://hooks.slack.com/services/T0ABCDEFG/B0ABCDEFG/abcdefghijklmnop",
        "https://oapi.dingtalk.com/robot/send?access_token=" + "0123456789abcdef" * 4,
        "https://open.feishu.cn/open-apis/bot/v2/hook/01234567-89ab-cdef-0123-456789abcdef",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=01234567-89ab-cdef-0123-456789abcdef",
        "https://discord.com/api/webhooks/123456789012345678/" + "aB3" * 20,
        "-----BEGIN PRIVATE KEY-----\nMIIE",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "postgres://app:s3cr3tword@db.internal/app",
        "redis://:s3cr3tword@cache:6379",
    ],
)
def test_shapes_of_secrets(text: str) -> None:
    assert looks_like_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-learn-inference-server",
        "task-0123456789abcdef0123456789",
        "sk-xxxxxxxxxxxxxxxxxxxx1",
        "sk-your-api-key-goes-here-1",
        "AKIAIOSFODNN7EXAMPLE",
        "https://user@example.com/path:1@2",
        "mysql://user:password@localhost/db",
        "mysql://user:<password>@localhost/db",
        "postgres://app:${env('PW')}@db/app",
        "-----BEGIN CERTIFICATE-----",
        "acs:ram::123456789:role/AgentRole",
        "https://hooks.slack.com/services/TXXXXXXXX/BXXXXXXXX/XXXXXXXXXXXXXXXX",
        "https://hooks.slack.com/services/",
        "https://oapi.dingtalk.com/robot/send?access_token=<token>",
        "https://discord.com/api/webhooks/123456789012345678",
    ],
)
def test_shapes_of_other_things(text: str) -> None:
    assert not looks_like_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "<your-key>", "changeme", "xxxx", "***", "your-api-key", "none", "not-needed"),
        *("sk-***", "ghp_****", "****1234", "sk-xxxx", "oidc", "basic", "off"),
    ],
)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)


def test_values_are_no_placeholders() -> None:
    assert not is_placeholder("hunter2")
    assert not is_placeholder("12345678")
    assert not is_placeholder("hunter**2")
    assert not is_placeholder("hunterxxx2")


@pytest.mark.parametrize("piece", ["-eyJ", "sk-", "://a:", "LTAI", "ghp_", "-----BEGIN "])
def test_long_texts_are_judged_fast(piece: str) -> None:
    begin = time.process_time()
    looks_like_secret(piece * (1024 * 1024 // len(piece)))
    assert time.process_time() - begin < 5
