from pathlib import Path

import pytest

from agentramp.credentials.port import CredentialsError
from agentramp.credentials.tokens import GitHubToken, TokenFile
from agentramp.credentials.uri import CredentialsUri
from agentramp.errors import UsageError
from tests.credentials.sources import SECRET, issued, jwt, lent, told
from tests.evidence.servers import Said, serving


def test_github_is_asked_for_the_audience_of_sts() -> None:
    with serving(lambda _: told({"value": jwt()})) as site:
        assert GitHubToken(f"{site.url}/token?api-version=2", SECRET)() == jwt()
        assert GitHubToken(f"{site.url}/token", SECRET)() == jwt()
        first, second = site.received
    assert first.method == "GET"
    assert first.path == "/token?api-version=2&audience=sts.aliyuncs.com"
    assert second.path == "/token?audience=sts.aliyuncs.com"
    assert first.headers["authorization"].lower() == f"bearer {SECRET}"


UNFIT = [
    Said(403, SECRET.encode()),
    Said(302, b"", {"Location": "http://127.0.0.1:9/"}),
    told({"value": ""}),
    told({"value": f"{SECRET}\n{SECRET}"}),
    told({"value": SECRET * 10_000}),
    told([SECRET]),
    Said(200, SECRET.encode()),
]


@pytest.mark.parametrize("said", UNFIT, ids=range(len(UNFIT)))
def test_what_is_no_token_is_refused_without_showing_it(said: Said) -> None:
    with serving(lambda _: said) as site, pytest.raises(CredentialsError) as caught:
        GitHubToken(site.url, SECRET)()
    assert SECRET not in f"{caught.value!r}{caught.value.advice}"


def test_githubs_own_address_must_be_safe() -> None:
    for url, bearer in (
        ("http://token.invalid/", SECRET),
        ("https://token.invalid/", f"{SECRET}\n"),
    ):
        with pytest.raises(UsageError) as caught:
            GitHubToken(url, bearer)
        assert SECRET not in f"{caught.value!r}{caught.value.advice}"
    assert SECRET not in repr(GitHubToken("https://token.invalid/", SECRET))


def test_the_file_is_read_each_time(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "token")
    with pytest.raises(CredentialsError, match="cannot be read"):
        file()
    file.path.write_text(jwt() + "\n")
    assert file() == jwt()
    file.path.write_text(jwt(sub="other"))
    assert file() == jwt(sub="other")
    for text in ("", f"{SECRET} \n {SECRET}", SECRET * 10_000, f"é{SECRET}"):
        file.path.write_text(text)
        with pytest.raises(CredentialsError) as caught:
            file()
        assert SECRET not in f"{caught.value!r}{caught.value.advice}"


def test_a_credentials_uri_lends_what_its_service_says() -> None:
    with serving(lambda _: told({"Code": "Success", **issued()})) as site:
        assert CredentialsUri(f"{site.url}/k?x={SECRET}").lend() == lent()
        assert site.received[0].method == "GET"


@pytest.mark.parametrize(
    "said",
    [
        Said(404, SECRET.encode()),
        Said(302, b"", {"Location": "http://127.0.0.1:9/"}),
        told({**issued(), "Expiration": SECRET}),
        told({**issued(), "AccessKeySecret": 7}),
        Said(200, SECRET.encode()),
        Said(200, b" " * 70_000),
    ],
    ids=range(6),
)
def test_a_credentials_uri_that_lends_nothing(said: Said) -> None:
    with serving(lambda _: said) as site, pytest.raises(CredentialsError) as caught:
        CredentialsUri(f"{site.url}/k?x={SECRET}").lend()
    assert SECRET not in f"{caught.value!r}{caught.value.advice}"
