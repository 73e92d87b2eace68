"""The hash that decides whether an image is built anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig import build, kestra_image
from rig.build import hash_inputs


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "sub" / "run.sh").write_text("#!/bin/sh\n")
    return tmp_path


def test_the_same_inputs_have_the_same_hash(sources: Path) -> None:
    before = hash_inputs(sources, "a")
    (sources / "Dockerfile").touch()
    assert hash_inputs(sources, "a") == before


def test_a_byte_a_name_a_run_bit_or_a_base_changes_it(sources: Path) -> None:
    seen = {hash_inputs(sources, "a"), hash_inputs(sources, "b"), hash_inputs(sources)}
    (sources / "sub" / "run.sh").chmod(0o755)
    seen.add(hash_inputs(sources, "a"))
    (sources / "sub" / "run.sh").rename(sources / "run.sh")
    seen.add(hash_inputs(sources, "a"))
    (sources / "Dockerfile").write_text("FROM y\n")
    seen.add(hash_inputs(sources, "a"))
    assert len(seen) == 6


def test_an_image_that_stands_on_another_changes_with_it() -> None:
    other = build.Image("kestra", "bookworm", "kestra/kestra", ("latest",))
    derived = build.Image("previous", other, "kestra/kestra", ("old",))
    assert derived.inputs != build.PREVIOUS.inputs


def test_images_are_named_by_their_loopback_registry() -> None:
    assert build.KESTRA.name == "127.0.0.1:5000/kestra/kestra:latest"
    assert build.POSTGRES.name == "127.0.0.1:5000/library/postgres:15-alpine"


def test_proxies_become_javas_options() -> None:
    found = {"https_proxy": "http://proxy.test:3128", "no_proxy": "localhost"}
    assert kestra_image.maven_proxies(found) == (
        "-Dhttps.proxyHost=proxy.test -Dhttps.proxyPort=3128"
    )
    assert kestra_image.maven_proxies({}) == ""
