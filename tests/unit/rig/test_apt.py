"""What the rig reads of the machine's apt sources, and what it derives from them."""

from __future__ import annotations

from rig import apt

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
"""

ONE_LINE = """\
# deb http://old.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib
deb http://other.test/apt stable main
"""


def test_a_deb822_file_gives_each_archive_with_its_suites_and_keyring() -> None:
    first, second = apt.parse_sources(DEB822, deb822=True)
    assert first.uri == "http://mirror.test/debian"
    assert first.suites == ("bookworm", "bookworm-updates")
    assert first.signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert second.signed_by == ""


def test_a_disabled_or_source_only_stanza_is_left_out() -> None:
    assert apt.parse_sources(DEB822.replace("Types: deb\n", "Types: deb-src\n"), deb822=True) == []
    off = "Enabled: no\n" + DEB822.partition("\n\n")[0]
    assert apt.parse_sources(off, deb822=True) == []


def test_an_embedded_key_is_not_taken_for_a_path() -> None:
    text = (
        "Types: deb\nURIs: http://m.test\nSuites: a\nSigned-By:\n"
        " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
    )
    (source,) = apt.parse_sources(text, deb822=True)
    assert source.signed_by == ""


def test_one_line_sources_are_read_without_comments_and_deb_src() -> None:
    first, second = apt.parse_sources(ONE_LINE, deb822=False)
    assert first == apt.Source("http://mirror.test/debian", ("bookworm",), "/k.gpg")
    assert second.uri == "http://other.test/apt"


def test_the_release_comes_from_the_archive_that_serves_its_codename() -> None:
    sources = apt.parse_sources(DEB822, deb822=True)
    found = apt.main_archive(reversed(sources), "bookworm")
    assert found is not None and found.uri == "http://mirror.test/debian"
    assert apt.main_archive(sources, "noble") is None


def test_the_side_source_is_the_same_mirror_with_another_suite() -> None:
    signed = apt.Source("http://mirror.test/debian", ("bookworm",), "/k.gpg")
    assert apt.side_line(signed, "trixie") == (
        "deb [signed-by=/k.gpg] http://mirror.test/debian trixie main\n"
    )
    plain = apt.Source("http://mirror.test/debian", ("bookworm",))
    assert apt.side_line(plain, "trixie") == "deb http://mirror.test/debian trixie main\n"


def test_the_machines_files_are_read_by_their_kind(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (folder / "debian.sources").write_text(DEB822)
    (folder / "gone.list.disabled").write_text("deb http://gone.test x main\n")
    uris = [source.uri for source in apt.machine_sources(tmp_path)]
    assert "http://mirror.test/debian-security" in uris
    assert "http://gone.test" not in uris


def test_os_release_loses_its_quotes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "os-release"
    file.write_text('# hi\nID=debian\nVERSION_ID="12"\nEMPTY=\n')
    assert apt.os_release(file) == {"ID": "debian", "VERSION_ID": "12", "EMPTY": ""}
    assert apt.os_release(tmp_path / "absent") == {}
