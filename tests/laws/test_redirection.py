"""The two sides of WOW64, as the documents list them."""

from __future__ import annotations

import pytest

from mapiwright.workstation.mounts.redirection import without_view
from mapiwright.workstation.registry import KeyPath, View

ROWS = [
    # what a 32-bit program says, where it is
    (r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\Wow6432Node"),
    (r"HKLM\Software\Vendor", r"HKLM\Software\Wow6432Node\Vendor"),
    (r"HKLM\SOFTWARE\Microsoft", r"HKLM\SOFTWARE\Wow6432Node\Microsoft"),
    (
        r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem",
        r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows Messaging Subsystem",
    ),
    (
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\SharedDLLs",
        r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\SharedDLLs",
    ),
    (
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE",
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE",
    ),
    (r"HKLM\SOFTWARE\CLIENTS\Mail", r"HKLM\SOFTWARE\CLIENTS\Mail"),
    (r"HKLM\SOFTWARE\ClientsOfMine", r"HKLM\SOFTWARE\Wow6432Node\ClientsOfMine"),
    (r"HKLM\SOFTWARE\Policies\Microsoft", r"HKLM\SOFTWARE\Policies\Microsoft"),
    (r"HKLM\SOFTWARE\Classes\.msg", r"HKLM\SOFTWARE\Classes\.msg"),
    (r"HKLM\SOFTWARE\Classes\CLSID\{1}", r"HKLM\SOFTWARE\Classes\Wow6432Node\CLSID\{1}"),
    (r"HKLM\SOFTWARE\Classes\interface", r"HKLM\SOFTWARE\Classes\Wow6432Node\interface"),
    (r"HKLM\SOFTWARE\Wow6432Node\Vendor", r"HKLM\SOFTWARE\Wow6432Node\Vendor"),
    (r"HKLM\SYSTEM\Select", r"HKLM\SYSTEM\Select"),
    (r"HKU\S-1-5-21-1\Software\Vendor", r"HKU\S-1-5-21-1\Software\Vendor"),
    (r"HKU\S-1-5-21-1\Software\Classes\CLSID", r"HKU\S-1-5-21-1\Software\Classes\Wow6432Node\CLSID"),
    (r"HKU\S-1-5-21-1", r"HKU\S-1-5-21-1"),
]


@pytest.mark.parametrize(("said", "meant"), ROWS)
def test_the_32_bit_side(said: str, meant: str) -> None:
    found = without_view(KeyPath.parse(said, View.X86))
    assert (str(found), found.view) == (meant, View.NATIVE)


@pytest.mark.parametrize("said", [said for said, _ in ROWS])
def test_the_native_side_is_where_it_says(said: str) -> None:
    assert str(without_view(KeyPath.parse(said))) == said
