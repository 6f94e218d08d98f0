"""Files, folders and zips: what is read, and what a zip cannot do."""

from __future__ import annotations

import copy
import errno
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.export import part as module
from segue.sources.export.left_out import BadRow
from segue.sources.export.part import MOST_RATIO, OpenedZip, Part, find_parts
from segue.sources.export.service import FORMATS
from tests.unit.sources.export.exports import account, extended, listens, read, write_json


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def parts(path: Path) -> list[Part]:
    return list(find_parts([(path.name, path)], (".json",)))


def body(part: Part) -> bytes:
    with part.open() as read_some:
        return b"".join(iter(lambda: read_some(1000), b""))


def test_a_zip_is_read_by_member_under_any_name(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "download",
        {"b.json": b"bb", "a/c.JSON": b"c", "Read me.pdf": b"x", "__MACOSX/b.json": b""},
    )
    assert [(part.name, part.size, body(part)) for part in parts(path)] == [
        ("download/a/c.JSON", 1, b"c"),
        ("download/b.json", 2, b"bb"),
    ]


def test_a_folder_is_read_with_the_zips_in_it(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "a.json", [])
    zipped(tmp_path / "z.zip", {"b.json": b"b"})
    (tmp_path / ".hidden.json").write_text("[]")
    (tmp_path / "notes.txt").write_text("x")
    assert [part.name.removeprefix(str(tmp_path)) for part in parts(tmp_path)] == [
        "/deep/a.json",
        "/z.zip/b.json",
    ]


def test_what_may_not_be_looked_into_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user would meet it: the tests may run as one who may read everything."""
    for name in ("a", "closed", "z"):
        write_json(tmp_path / name / "x.json", [])
    write_json(tmp_path / "a" / "unseen.json", [])
    scandir, stat = os.scandir, Path.stat

    def refuse(path: Any, name: str) -> None:
        if str(path).endswith(name):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def closed_scandir(path: Any) -> Any:
        refuse(path, "closed")
        return scandir(path)

    def closed_stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        refuse(path, "unseen.json")
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "scandir", closed_scandir)
    monkeypatch.setattr(Path, "stat", closed_stat)
    denied = "it cannot be read (Permission denied)"
    assert [(part.name.removeprefix(str(tmp_path)), part.error) for part in parts(tmp_path)] == [
        ("/a/unseen.json", denied),
        ("/a/x.json", ""),
        ("/z/x.json", ""),
        ("/closed", denied),
    ]
    assert [part.error for part in parts(tmp_path / "a" / "unseen.json")] == [denied]


def test_links_that_lead_nowhere_are_named_and_pipes_passed_over(tmp_path: Path) -> None:
    (tmp_path / "lost.json").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.json")
    assert [(part.name, part.error) for part in parts(tmp_path)] == [
        (str(tmp_path / "lost.json"), "there is no such file: check the path")
    ]
    assert "no such file" in parts(tmp_path / ("x" * 5))[0].error
    assert "cannot be read (File name too long)" in parts(tmp_path / ("x" * 5000))[0].error


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/etc/evil.json", "C:\\evil.json", "..\\evil.json", "a\0b.json"]
)
def test_a_member_s_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "x.zip", {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"[]")
    before = sorted(tmp_path.rglob("*"))
    assert [body(part) for part in parts(path) if not part.error] in ([b"[]"], [])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bomb_is_refused_by_ratio_by_size_and_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {"StreamingHistory0.json": b"[" + b" " * (17 << 20)})
    (refused,) = parts(bomb)
    assert f"more than {MOST_RATIO} times" in refused.error
    with pytest.raises(SourceSchemaError, match="more than"), refused.open():
        pass
    many = zipped(tmp_path / "many.zip", {f"{n}.json": b"[]" for n in range(5)})
    monkeypatch.setattr(module, "MOST_MEMBERS", 4)
    assert "holds 5 files" in parts(many)[0].error
    monkeypatch.setattr(module, "MOST_MEMBERS", 5)
    monkeypatch.setattr(module, "MOST_BYTES", 9)
    assert "unpacks to 10 bytes" in parts(many)[0].error


def test_a_zip_within_a_zip_is_not_opened(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.json": b"[]"}).read_bytes()
    (found,) = parts(zipped(tmp_path / "outer.zip", {"inner.zip": inner}))
    assert found.error == "it holds another zip: unpack it first"
    (found,) = parts(zipped(tmp_path / "none.zip", {"Read me.pdf": b"x"}))
    assert found.error == "it holds no .json file"


def test_a_false_size_limits_what_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.json": b"[" + b" " * 100_000 + b"]"})
    raw = bytearray(path.read_bytes())
    for place in (22, raw.rfind(b"PK\x01\x02") + 24):  # the size in both headers
        raw[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    (found,) = parts(path)
    assert found.size == 10
    with pytest.raises(SourceSchemaError, match="not a complete zip file"):
        body(found)


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "flipped"])
def test_a_damaged_zip_is_named_and_the_other_files_go_on(tmp_path: Path, damage: str) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("StreamingHistory0.json", bytes(range(256)) * 500)
    raw = bytearray(whole.getvalue())
    raw[60] ^= 0xFF
    content = {"cut": whole.getvalue()[:-30], "garbage": b"x" * 500, "empty": b"", "flipped": bytes(raw)}[
        damage
    ]
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    good = write_json(tmp_path / "StreamingHistory1.json", [account("2023-01-31 12:05", "A", "B")])
    assert len(listens(read(FORMATS["spotify"], good))) == 1
    with pytest.raises(SourceSchemaError):
        read(FORMATS["spotify"], path)


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.json": b"[]"})
    raw = bytearray(path.read_bytes())
    for place in (6, raw.rfind(b"PK\x01\x02") + 8):
        raw[place] |= 1
    path.write_bytes(raw)
    with pytest.raises(SourceUnavailableError, match="encrypted"), parts(path)[0].open():
        pass


def test_other_files_in_a_zip_are_skipped(tmp_path: Path) -> None:
    rows = write_json(tmp_path / "a", [extended("2023-03-19T18:31:37Z", "A", "B")]).read_bytes()
    podcast = b'[{"endTime": "2023-01-31 12:05", "podcastName": "P", "msPlayed": 1}]'
    path = zipped(
        tmp_path / "my_spotify_data.zip",
        {
            "MyData/Playlist1.json": b'{\n  "playlists": []\n}',
            "MyData/Userdata.json": b"{}",
            "MyData/Identity.json": b"",
            "MyData/Follow.json": b'[{"a": 1}]',
            "MyData/Streaming_History_Audio_2023_1.json": rows,
            "MyData/StreamingHistory_podcast_0.json": podcast,
        },
    )
    found = read(FORMATS["spotify"], path)
    assert len(listens(found)) == 1
    assert [row for row in found if isinstance(row, BadRow)] == []
    assert len(found) == 2


def test_files_of_a_zip_that_overlap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", b"[]" * 5000)
        twin = copy.copy(archive.filelist[0])
        twin.filename = "b.json"
        archive.filelist.append(twin)
    (part,) = parts(path)
    assert part.error == "a.json and b.json overlap: it is not an export"


def test_a_zip_is_opened_once_for_all_its_files(tmp_path: Path) -> None:
    paths = [zipped(tmp_path / f"{name}.zip", {"a.json": b"1", "b.json": b"2"}) for name in "xy"]
    with OpenedZip() as opened:
        archives = []
        for part in [*parts(paths[0]), *parts(paths[1])]:
            with part.open(opened) as read_bytes:
                assert read_bytes(9) in {b"1", b"2"}
            archives.append(opened.open(part.path))
        assert archives[0] is archives[1] is not archives[2] is archives[3]
    assert archives[3].fp is None
