"""Forms as documents: the tables of a manifest, the JSON of a record, and what a Python wizard entry answers.

All three are one format: docs/reference/package-format.md. It is checked in full, whatever its source.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mapiwright.entry.service.form import NO_WORDS, RANGES, TEXTS, Choice, Field, FieldKind, Form, Page, Words
from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.tags import is_secure, prop_id, prop_type, tag_of
from mapiwright.mapi.props.tags_table import PRIVATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_PAGES = 20
MOST_FIELDS = 20
"""The most fields of a page."""
LONGEST_WORDS = 1000

PR_WIZARD_NO_PST_PAGE = PRIVATE_NAMES[()]["PR_WIZARD_NO_PST_PAGE"]
PR_WIZARD_NO_PAB_PAGE = PRIVATE_NAMES[()]["PR_WIZARD_NO_PAB_PAGE"]
SUPPRESSIONS = MappingProxyType({"no_pst_page": PR_WIZARD_NO_PST_PAGE, "no_pab_page": PR_WIZARD_NO_PAB_PAGE})
"""By these a service does without a page of the wizard's ([pidtagwizardnopstpage-canonical-property])."""

_PAGE = frozenset({"title", "text", "fields"})
_FIELD = frozenset(
    {"name", "tag", "label", "help", "default", "secret", "choices", "pattern", "hint", "min", "max", "required"}
)
_CHOICE = frozenset({"value", "label"})


class _Faults(list[str]):
    """What is wrong, as sentences that begin with the place: ``pages[1].fields[2].tag: ...``."""

    def report(self, place: str, what: str) -> None:
        """Add a fault."""
        self.append(f"{place}: {what}")

    def table(self, found: Any, place: str, known: frozenset[str]) -> Mapping[str, Any]:
        """A table with no key that is not known; an empty one where it is none."""
        if not isinstance(found, dict):
            self.report(place, "it is no table")
            return {}
        for key in found.keys() - known:
            from difflib import get_close_matches  # noqa: PLC0415 - for a slip of the pen only, and every verb reads records

            close = get_close_matches(str(key), known, 1)
            self.report(f"{place}.{key}", "it is not known" + "".join(f"; did you mean {each}?" for each in close))
        return found

    def list_(self, found: Any, place: str, most: int) -> list[Any]:
        """A list of at least one and at most ``most``."""
        if not isinstance(found, list) or not 0 < len(found) <= most:
            self.report(place, f"it is no list of 1 to {most}")
            return []
        return found

    def words(self, found: Any, place: str, *, needed: bool = False) -> Words:
        """A text, or a table with one for each language."""
        if found is None and not needed:
            return NO_WORDS
        texts = {"en": found} if isinstance(found, str) else found
        if not isinstance(texts, dict) or not texts or not all(map(_is_line, texts.values())):
            self.report(place, f"it is no text of 1 to {LONGEST_WORDS} characters, nor one for each language")
            return NO_WORDS
        for language in texts:
            if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", str(language)):
                self.report(place, f"{language!r} is no language, such as fr")
        return Words(MappingProxyType(dict(texts)))


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= LONGEST_WORDS and text.replace("\n", " ").isprintable()


def pages_from(found: Any, place: str = "pages") -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The pages that a document describes, and all that is wrong with them; a page at fault may lack fields."""
    faults = _Faults()
    pages = tuple(
        _page(each, f"{place}[{number}]", faults)
        for number, each in enumerate(faults.list_(found, place, MOST_PAGES), 1)
    )
    seen: set[str] = set()
    for field in (field for page in pages for field in page.fields):
        if field.name in seen:
            faults.report(place, f"there are two fields {field.name!r}")
        seen.add(field.name)
    return pages, tuple(faults)


def _page(found: Any, place: str, faults: _Faults) -> Page:
    table = faults.table(found, place, _PAGE)
    title = faults.words(table.get("title"), f"{place}.title", needed=True)
    text = faults.words(table.get("text"), f"{place}.text")
    given = table.get("fields", [])
    several = faults.list_(given, f"{place}.fields", MOST_FIELDS) if given != [] else []
    fields = (_field(each, f"{place}.fields[{number}]", faults) for number, each in enumerate(several, 1))
    return Page(title, tuple(field for field in fields if field is not None), text)


def _field(found: Any, place: str, faults: _Faults) -> Field | None:
    table = faults.table(found, place, _FIELD)
    tag = _tag(table.get("tag"), place, faults)
    name = table.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name):
        faults.report(f"{place}.name", "it is no name of small letters, digits, - and _, such as server")
        name = ""
    least, most = (_bound(table.get(key), f"{place}.{key}", tag, faults) for key in ("min", "max"))
    field = Field(
        name,
        tag,
        faults.words(table.get("label"), f"{place}.label", needed=True),
        faults.words(table.get("help"), f"{place}.help"),
        choices=tuple(_choices(table.get("choices"), f"{place}.choices", tag, faults)),
        pattern=_pattern(table.get("pattern"), f"{place}.pattern", tag, faults),
        hint=faults.words(table.get("hint"), f"{place}.hint"),
        least=least,
        most=most,
        required=_truth(table.get("required"), f"{place}.required", faults, default=True),
    )
    if not tag or not name:
        return None
    if field.bounds[0] > field.bounds[1]:
        faults.report(f"{place}.min", "it is above max")
    if _truth(table.get("secret"), f"{place}.secret", faults, default=field.secret) != field.secret:
        # [iprofsectimapiprop]: only these are kept encrypted, and hidden from lists.
        faults.report(f"{place}.secret", "a secret has a tag from 0x67F0 to 0x67FF, and what has one is a secret")
    return _with_default(field, table.get("default"), f"{place}.default", faults)


def _tag(found: Any, place: str, faults: _Faults) -> int:
    tag = tag_of(found) if isinstance(found, str) else None
    kinds = TEXTS | RANGES.keys() | {PropertyType.BOOLEAN}
    if tag is None:
        faults.report(f"{place}.tag", "it is neither the name of a property nor eight hex digits")
    elif prop_id(tag) >= 0x8000 or prop_type(tag) not in kinds:
        faults.report(
            f"{place}.tag", "a field is a text, a number of 16 or 32 bits, or a flag, and no named property"
        )
    elif tag in SUPPRESSIONS.values():
        # Their ids are also PST's own, so that a form says it by a key ([mapi] 5.4).
        faults.report(f"{place}.tag", f"a form says so by {' or '.join(SUPPRESSIONS)}")
    elif is_secure(tag) and prop_type(tag) not in TEXTS:
        faults.report(f"{place}.tag", "a secret is a text")
    else:
        return tag
    return 0


def _bound(found: Any, place: str, tag: int, faults: _Faults) -> int | None:
    if found is None:
        return None
    least, most = RANGES.get(prop_type(tag), (1, 0))
    if type(found) is not int or not least <= found <= most:
        faults.report(place, "it is no number that the type of the tag can hold")
        return None
    return found


def _pattern(found: Any, place: str, tag: int, faults: _Faults) -> str:
    if found is None:
        return ""
    try:
        if isinstance(found, str) and len(found) <= LONGEST_WORDS and prop_type(tag) in TEXTS:
            re.compile(found)
            return found
    except (re.error, OverflowError, RecursionError):
        pass
    faults.report(place, "it is no regular expression for a text")
    return ""


def _truth(found: Any, place: str, faults: _Faults, *, default: bool) -> bool:
    if found is None:
        return default
    if not isinstance(found, bool):
        faults.report(place, "it is neither true nor false")
    return found is True


def _choices(found: Any, place: str, tag: int, faults: _Faults) -> Iterator[Choice]:
    if found is None:
        return
    for number, each in enumerate(faults.list_(found, place, 100), 1):
        here = f"{place}[{number}]"
        table = faults.table(each if isinstance(each, dict) else {"value": each}, here, _CHOICE)
        value: Any = table.get("value")
        label = faults.words(table.get("label", str(value)), f"{here}.label")
        least, most = RANGES.get(prop_type(tag), (1, 0))
        fits = (type(value) is int and least <= value <= most) or (
            isinstance(value, str) and bool(value.strip()) and prop_type(tag) in TEXTS
        )
        if fits and not is_secure(tag):
            yield Choice(value, label)
        else:
            faults.report(here, "it is no value that the type of the tag can hold")


def _with_default(field: Field, found: Any, place: str, faults: _Faults) -> Field:
    if found is None:
        return field
    made = replace(field, default=found)
    numbers = prop_type(field.tag) in RANGES
    wanted = bool if field.kind is FieldKind.FLAG else int if numbers else str
    if field.secret:
        faults.report(place, "a secret has none: everybody can read a package")
    elif type(found) is not wanted or field.fault_of(made.first) is not None:
        faults.report(place, f"it is not {field.expected}")
    else:
        return made
    return field


def form_from(found: Any) -> tuple[Form | None, tuple[str, ...]]:
    """The form of a service's record; None where there is none."""
    if found is None:
        return None, ()
    if not isinstance(found, dict):
        return None, ("form: it is no table",)
    pages, faults = pages_from(found.get("pages"))
    return Form(pages, suppressions(found)), faults


def suppressions(table: Mapping[str, Any]) -> Mapping[int, bool]:
    """The properties that a form sets by its keys."""
    return MappingProxyType({tag: True for key, tag in SUPPRESSIONS.items() if table.get(key) is True})


def form_document(form: Form) -> dict[str, Any]:
    """The form as JSON has it; ``form_from`` reads it back."""
    return {
        "pages": [_page_document(page) for page in form.pages],
        **{key: True for key, tag in SUPPRESSIONS.items() if form.properties.get(tag) is True},
    }


def _page_document(page: Page) -> dict[str, Any]:
    return _filled(
        {
            "title": dict(page.title.by_language),
            "text": dict(page.text.by_language),
            "fields": [_field_document(field) for field in page.fields],
        }
    )


def _field_document(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "tag": f"{field.tag:08X}",
        **_filled(
            {
                "label": dict(field.label.by_language),
                "help": dict(field.help.by_language),
                "choices": [
                    {"value": choice.value, "label": dict(choice.label.by_language)} for choice in field.choices
                ],
                "pattern": field.pattern,
                "hint": dict(field.hint.by_language),
            }
        ),
        **{
            key: value
            for key, value in {"default": field.default, "min": field.least, "max": field.most}.items()
            if value is not None
        },
        **({} if field.required else {"required": False}),
    }


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value not in ("", [], {})}
