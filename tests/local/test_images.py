"""Which package stands for which image: by its digest for good, by its tag until it moves."""

from dataclasses import astuple
from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.local.images import Images, Reference

SHOP = "registry.example.com:5000/acme/shop"
ONE = "1" * 64


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("shop", ("shop", "latest", None)),
        ("acme/shop:1.0", ("acme/shop", "1.0", None)),
        (f"{SHOP}:v_1", (SHOP, "v_1", None)),
        (f"{SHOP}@sha256:{ONE}", (SHOP, None, ONE)),
        (f"{SHOP}:v1@sha256:{ONE}", (SHOP, "v1", ONE)),
    ],
)
def test_a_reference_has_a_repository_a_tag_and_a_digest(
    text: str, parts: tuple[str, str | None, str | None]
) -> None:
    assert astuple(Reference.of(text)) == parts


@pytest.mark.parametrize(
    "text", ["", "Shop", "shop:", "shop@sha256:12", "../../shop", "shop one", f"shop@sha1:{ONE}"]
)
def test_what_is_no_name_of_an_image_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no name of an image"):
        Reference.of(text)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path / "images")


def register(images: Images, name: str, content: bytes = b"a zip", *command: str) -> str:
    archive = images.folder.with_name("built.zip")
    archive.write_bytes(content)
    return images.register(Reference.of(name), archive, command)


def test_a_digest_keeps_its_package_when_a_tag_moves(images: Images) -> None:
    first = register(images, f"{SHOP}:v1", b"first", "serve")
    assert register(images, f"{SHOP}:v1", b"first", "serve") == first
    second = register(images, f"{SHOP}:v1", b"second", "serve")
    assert second != first
    by_first, by_second, by_tag = (images.find(one) for one in (first, second, f"{SHOP}:v1"))
    assert by_first
    assert (by_first.archive.read_bytes(), by_first.command) == (b"first", ("serve",))
    assert by_second
    assert by_tag == by_second
    assert images.get(by_first.digest) == by_first
    assert images.find(first.replace("@", ":v1@")) == by_first, "the digest decides"


def test_the_command_is_part_of_what_a_digest_names(images: Images) -> None:
    assert register(images, "shop", b"same", "one") != register(images, "shop", b"same", "two")


def test_an_image_is_found_in_its_own_repository_only(images: Images) -> None:
    name = register(images, f"{SHOP}:v1")
    assert images.find(name.replace("shop@", "other@")) is None
    assert images.find(SHOP) is None, "nobody tagged it latest"
    assert images.find("Not An Image") is None


def test_a_package_can_stand_for_the_digest_of_an_image_that_was_pushed(images: Images) -> None:
    pushed = f"{SHOP}@sha256:{ONE}"
    assert register(images, pushed, b"first") == pushed
    assert register(images, pushed, b"first") == pushed
    found = images.find(pushed)
    assert found
    assert found.archive.read_bytes() == b"first"
    with pytest.raises(UsageError, match=r"stands for sha256:1111.* already"):
        register(images, pushed, b"second")
    assert images.find(pushed) == found
