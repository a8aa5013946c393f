"""Archives are unpacked by rules; what breaks one is refused, and nothing is written outside."""

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.errors import ValidationError
from larder.models.archive import MAX_FILES, unpacked
from tests.support.examples import examples
from tests.support.model_files import packed, special


@pytest.fixture
def unpack(tmp_path):
    (tmp_path / "in").mkdir()

    def run(data, **limits):
        archive = tmp_path / "model.tar.gz"
        archive.write_bytes(data)
        return unpacked(archive, tmp_path / "in", **limits)

    run.root = tmp_path
    return run


def test_files_are_found_with_their_names_and_bytes_and_dotfiles_are_not(unpack):
    data = packed(
        special("./larder", tarfile.DIRTYPE),
        ("./xgboost-model", b"one"),
        ("larder/features.json", b"{}"),
        ("./._xgboost-model", b"a Mac's"),
        (".hidden/x", b"no"),
        ("code/inference.py", b"import os"),
        ("empty", b""),
    )

    files = unpack(data)
    assert {file.name: file.path.read_bytes() for file in files} == {
        "xgboost-model": b"one",
        "larder/features.json": b"{}",
        "code/inference.py": b"import os",
        "empty": b"",
    }
    assert [file.name for file in files if file.top_level] == ["xgboost-model", "empty"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("../out", b"x"), r"by '\.\.'"),
        (("a/../../out", b"x"), r"by '\.\.'"),
        (("/etc/out", b"x"), "absolute"),
        (("\\out", b"x"), "absolute"),
        (special("out", tarfile.SYMTYPE, "/etc/passwd"), "link"),
        (special("out", tarfile.LNKTYPE, "xgboost-model"), "link"),
        (special("out", tarfile.CHRTYPE), "device"),
        (special("out", tarfile.BLKTYPE), "device"),
        (special("out", tarfile.FIFOTYPE), "device"),
    ],
)
def test_an_entry_that_could_reach_out_refuses_the_archive(unpack, entry, words):
    with pytest.raises(ValidationError, match=words):
        unpack(packed(("xgboost-model", b"one"), entry))

    assert sorted(each.name for each in unpack.root.iterdir()) == ["in", "model.tar.gz"]


def test_a_bomb_is_refused_before_it_is_unpacked(unpack):
    most = 4 * 2**20
    bomb = packed(("model", bytes(60 * 2**20)))
    assert len(bomb) < 100_000

    with pytest.raises(ValidationError, match="over 4 MB unpacked"):
        unpack(bomb, max_bytes=most)
    written = sum(each.stat().st_size for each in (unpack.root / "in").iterdir())
    assert written <= most + 2 * 2**20
    assert unpack(packed(("model", bytes(most - 1))), max_bytes=most)


def test_a_header_that_is_a_bomb_is_refused(unpack):
    info = tarfile.TarInfo("model")
    info.pax_headers = {"comment": "x" * (60 * 2**20)}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(b""))

    with pytest.raises(ValidationError, match="over 4 MB unpacked"):
        unpack(raw.getvalue(), max_bytes=4 * 2**20)


def test_more_files_than_a_model_has_are_refused(unpack):
    names = [f"f{place}" for place in range(MAX_FILES)]
    assert len(unpack(packed(*((name, b"") for name in names)))) == MAX_FILES
    with pytest.raises(ValidationError, match="over 64 files"):
        unpack(packed(*((name, b"") for name in [*names, "one-more"])))
    folders = (special(f"d{place}", tarfile.DIRTYPE) for place in range(257))
    with pytest.raises(ValidationError, match="over 256 entries"):
        unpack(packed(*folders))


def test_a_name_that_comes_twice_is_refused(unpack):
    with pytest.raises(ValidationError, match="two entries 'model'"):
        unpack(packed(("model", b"1"), ("./model", b"2")))


GOOD = packed(("xgboost-model", bytes(range(256)) * 64), ("larder/features.json", b"{}"))


BROKEN = [b"", b"junk", gzip.compress(b"junk" * 400, mtime=0), GOOD[:-40], GOOD[: len(GOOD) // 2]]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_whole_archive_is_refused_with_the_cure(unpack, data):
    with pytest.raises(ValidationError, match="tar -czf"):
        unpack(data)


@examples(1)
@given(st.data())
def test_a_damaged_archive_gives_files_or_a_refusal_and_never_a_traceback(tmp_path_factory, data):
    raw = bytearray(gzip.decompress(GOOD))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("fuzz")
    archive = folder / "a"
    archive.write_bytes(gzip.compress(bytes(raw)))
    (folder / "in").mkdir()

    try:
        files = unpacked(archive, folder / "in")
    except ValidationError:
        return
    assert all(file.path.parent == folder / "in" for file in files)
