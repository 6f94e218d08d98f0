"""What is missing is named with its package."""

from __future__ import annotations

import pytest

from tests import system_package
from tests.system_package import SystemPackage, read_packages, require


def test_a_program_or_library_that_is_not_there_is_missing() -> None:
    assert SystemPackage("nothing", "no-such-program", "a test").is_missing()
    assert SystemPackage("nothing", "libnosuchlibrary.so.1", "a test").is_missing()
    assert not SystemPackage("libc6", "libc.so.6", "a test").is_missing()


def test_a_test_without_its_package_is_skipped_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"nothing1": SystemPackage("nothing1", "no-such-program", "a test of skips")}
    monkeypatch.setattr(system_package, "read_packages", lambda: absent)
    with pytest.raises(pytest.skip.Exception, match=r"a test of skips.*Debian package nothing1"):
        require("nothing1")


def test_every_line_of_the_list_is_read() -> None:
    assert {"curl", "libgomp1", "passwd"} <= read_packages().keys()
