"""The width of a service's own text is guessed right, whatever width was asked for."""

from __future__ import annotations

import pytest

from mapiwright.entry.child.native.error_words import guess

TEXTS = [
    ("The server is not reachable", "cp1252"),
    ("Le serveur n'est pas réjoignable!", "cp1252"),
    ("Сервер недоступен", "cp1251"),
    ("Διακομιστής μη διαθέσιμος", "cp1253"),
    ("サーバーに接続できません", "cp932"),
    ("无法连接到服务器", "cp936"),
    ("No", "cp1252"),
]
BEHIND = b"\0\0\0\0\xdd\xdd\xdd\xdd"


@pytest.mark.parametrize("unit", [2, 4])
@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize(("text", "code_page"), TEXTS)
def test_a_text_is_read_in_the_width_that_it_has(text: str, code_page: str, wide: bool, unit: int) -> None:
    narrow = text.encode(code_page) + BEHIND
    broad = text.encode("utf-16-le" if unit == 2 else "utf-32-le") + BEHIND
    assert guess(narrow, code_page, wide=wide, unit=unit) == (text, False)
    if text.isascii() or wide or unit == 4:  # a Chinese text in UTF-16 may be one in 8 bits, too
        assert guess(broad, code_page, wide=wide, unit=unit) == (text, True)
    if wide:
        assert guess(broad, "cp1252", wide=wide, unit=unit) == (text, True), "in a language of another code page"
    assert guess(bytes(8), code_page, wide=wide, unit=unit) == ("", wide)
    assert guess(b"\x01\xff\xff\xff\xff\xff\xff\xff", code_page, wide=wide, unit=unit)[0] is None
