"""Laws of messages: names are shown untouched in each language, whatever they hold; what a receipt holds is shown."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mapiwright as product
from mapiwright import english
from mapiwright.errors import FormatError, RefusedError
from mapiwright.message import DEEPEST, LONGEST, MOST_JOINED, MOST_PARTS, Message, names_in
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.plans.terms import Terms
from mapiwright.transaction.records.receipt import EffectRecord, Receipt, receipt_from_bytes, receipt_to_bytes
from mapiwright.ui.text.language import languages, speaking, texts_in
from mapiwright.ui.text.render import plan_lines, receipt_lines
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = languages()
OTHERS = [language for language in LANGUAGES if language != "en"]
KEYS = [key for key in english.TEXTS if not key.endswith(("-one", "-many"))]
PIECES = sorted({part for text in english.TEXTS.values() for part, *_ in Formatter().parse(text)} - {""})
CONTROLS = ["\n", "\r\n", "\x1b[2J", "\u202e", "\udc00", "\0"]
BRACES = ["{", "}", "{profile}", "{0}", "{{", "%s", "{title!r:>9}"]
NAMES = st.one_of(
    st.text(max_size=8),
    st.lists(st.sampled_from([*PIECES, *CONTROLS, *BRACES, *english.TEXTS, "; ", "'", '"']), max_size=5).map("".join),
)
"""Names that are made to be taken for what they are not: words and joints of other titles, and what fills one in."""
MESSAGES = st.recursive(
    NAMES.map(Message.literal),
    lambda inner: st.sampled_from(KEYS).flatmap(
        lambda key: st.fixed_dictionaries(
            {name: st.one_of(NAMES, inner, st.integers(0, 3)) for name in names_in(english.TEXTS[key])}
        ).map(lambda names: Message.of(key, **names))
    ),
    max_leaves=6,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "arguments", "title", "x"]), inner, max_size=3)
        | st.fixed_dictionaries(
            {
                "key": st.sampled_from([*english.TEXTS, "setup.ask", "text", "steps.of-tomorrow"]) | inner,
                "arguments": st.dictionaries(st.sampled_from(["profile", "title", "number", "self", "x"]), inner)
                | inner,
            }
        )
    ),
    max_leaves=12,
)


def shown(message: Message, language: str) -> str:
    return texts_in(language).message(message)


def filled(text: str, names: dict[str, str]) -> str:
    """A text with its names filled in, in another way than the product does it."""
    return "".join(
        literal + (names[name] if name is not None else "")
        for literal, name, *_ in Formatter().parse(text.strip("\n"))
    )


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_keys_and_the_names_of_the_english_table(language: str) -> None:
    sections = tuple({f"{key.partition('.')[0]}." for key in english.TEXTS})
    texts = {key: text for key, text in texts_in(language).texts.items() if key.startswith(sections)}
    assert texts.keys() == english.TEXTS.keys()
    assert {key: names_in(text) for key, text in texts.items()} == {
        key: names_in(text) for key, text in english.TEXTS.items()
    }


def test_the_english_file_repeats_no_text_of_the_table() -> None:
    path = Path(product.__file__).parent / "ui" / "languages" / "en.toml"
    sections = {key.partition(".")[0] for key in english.TEXTS}
    found = re.findall(r"^\[(.+)\]$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) > 10
    assert not sections & set(found)


@given(
    st.fixed_dictionaries(
        dict.fromkeys(sorted({name for key in KEYS for name in names_in(english.TEXTS[key])}), NAMES)
    )
)
def test_names_are_shown_untouched_whatever_they_hold(pool: dict[str, str]) -> None:
    for key in KEYS:
        names = {name: pool[name] for name in names_in(english.TEXTS[key])}
        message = Message.of(key, **names)
        for language in LANGUAGES:
            assert shown(message, language) == filled(texts_in(language).texts[key], names), key
        assert str(message) == shown(message, "en")


@given(st.lists(MESSAGES, max_size=4))
def test_several_titles_are_each_as_they_are_alone(several: list[Message]) -> None:
    each_once = list(dict.fromkeys(several))
    for language in LANGUAGES:
        joint = texts_in(language)("joint.separator")
        joined = Message.joined(several)
        assert shown(joined, language) == joint.join(shown(each, language) for each in each_once)
        undo = Message.of("steps.undo", title=joined)
        assert shown(undo, language) == texts_in(language)("steps.undo", title=shown(joined, language))


@given(MESSAGES)
def test_a_message_comes_back_from_json(message: Message) -> None:
    again = Message.from_json(json.loads(json.dumps(message.to_json())))
    assert again == message
    assert hash(again) == hash(message)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [0, 1, 2, 21])
def test_counted_words_agree_in_number(language: str, number: int) -> None:
    texts = texts_in(language)
    message = Message.of("steps.calls-pending", number=number)
    assert shown(message, language) == texts.count("steps.calls-pending", number)


@given(JSON)
@example({"key": "steps.undo", "arguments": {"title": []}})
@example({"key": "steps.files", "arguments": {"cls": "x", "self": 1}})
@example({"key": "text", "arguments": {"text": {"key": "text", "arguments": {"text": 1}}}})
def test_whatever_a_receipt_holds_is_refused_or_shown(found: Any) -> None:
    """A user's own receipt may hold anything; what is shown of it is written again as it was read."""
    try:
        message = Message.from_json(found)
    except ValueError:
        return
    assert Message.from_json(message.to_json()) == message
    for language in LANGUAGES:
        assert isinstance(shown(message, language), str)


@pytest.mark.parametrize(
    "found",
    [
        None,
        True,
        7,
        [],
        ["files"],
        {},
        {"key": "steps.files"},
        {"key": 1, "arguments": {}},
        {"key": "steps.files", "arguments": []},
        {"key": "steps.files", "arguments": {}, "more": 1},
        {"key": "steps.undo", "arguments": {"title": True}},
        {"key": "steps.undo", "arguments": {"title": None}},
        {"key": "steps.undo", "arguments": {"title": 1.5}},
        {"key": "steps.undo", "arguments": {"title": [1]}},
        {"key": "x" * (LONGEST + 1), "arguments": {}},
        {"key": "steps.files", "arguments": {"x" * (LONGEST + 1): ""}},
    ],
)
def test_what_has_not_the_form_of_a_message_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match="message"):
        Message.from_json(found)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("steps.of-tomorrow", {"package": "Acme"}),
        ("actions.create-profile", {}),
        ("actions.create-profile", {"profile": "A", "more": "B"}),
        ("actions.create-profile", {"name": "A"}),
        ("setup.ask", {"target": "the wrong workstation"}),  # a text of the command line, and no message
        ("steps.calls-pending", {"number": "a few", "more": "x"}),
    ],
)
def test_a_key_or_names_that_are_not_known_are_shown_as_they_are(key: str, names: dict[str, str]) -> None:
    message = Message.of(key, **names)
    for language in LANGUAGES:
        assert shown(message, language).startswith(key)
        assert all(f"{name}={value}" in shown(message, language) for name, value in names.items())


def nested(depth: int) -> Message:
    message = Message.of("steps.files")
    for _ in range(depth):
        message = Message.of("steps.undo", title=message)
    return message


def test_depth_and_size_of_what_is_read_have_a_bound() -> None:
    assert Message.from_json(nested(DEEPEST).to_json()) == nested(DEEPEST)
    with pytest.raises(ValueError, match="too deep"):
        Message.from_json(nested(DEEPEST + 1).to_json())
    for many in (["x"] * MOST_PARTS, [{"key": "steps.prf", "arguments": {"file": "x"}}] * (MOST_PARTS // 2)):
        with pytest.raises(ValueError, match="more than"):
            Message.from_json({"key": "joint.titles", "arguments": {"titles": many}})


def test_what_is_written_can_be_read() -> None:
    """However much there is to say: names that are too long are cut, and of many titles the number is said."""
    long = Message.of("actions.create-profile", profile="x" * (LONGEST + 1))
    assert str(long) == f"create profile {'x' * (LONGEST - 3)}..."
    assert len(str(Message.literal("x" * (LONGEST + 1)))) == LONGEST
    assert Message.literal("x" * LONGEST) == Message.from_json("x" * LONGEST)
    names = dict.fromkeys(("provider", "service", "profile"), "x")
    titles = [Message.of("actions.add-provider", **{**names, "profile": str(n)}) for n in range(MOST_JOINED + 2)]
    for number, more in ((MOST_JOINED, ""), (MOST_JOINED + 1, "; and 1 more"), (MOST_JOINED + 2, "; and 2 more")):
        undo = Message.of("steps.undo", title=Message.joined(titles[:number]))
        assert Message.from_json(undo.to_json()) == undo
        assert str(undo).endswith(f"of profile {MOST_JOINED - 1}{more}")


def receipt_with(title: Message, note: Message) -> Receipt:
    effect = EffectRecord("call", title, {}, "pending", note, {})
    return Receipt("1-a", "x", title, "2026", "image:x", Terms(notes=(note,)), ((title, "0"),), (effect,))


@given(MESSAGES, MESSAGES)
def test_a_receipt_keeps_its_messages_and_shows_them_on_lines_of_their_own(title: Message, note: Message) -> None:
    receipt = receipt_with(title, note)
    assert receipt_from_bytes(receipt_to_bytes(receipt), where="here") == receipt
    assert receipt.notes == (note,)
    plan = Plan("x", title, (Leg(title, ()),), Terms(notes=(note,)))
    for language in LANGUAGES:
        with speaking(language):
            lines = [line.text for line in (*plan_lines(plan, "cp1252"), *receipt_lines(receipt, "undo"))]
        assert lines[0] == escape(shown(title, language))
        assert not [line for line in lines if "\n" in line or "\x1b" in line or "\u202e" in line]


@given(JSON)
def test_a_receipt_with_other_titles_is_damaged_or_shows_them(found: Any) -> None:
    """One that an older version wrote has plain texts in their places."""
    whole = json.loads(receipt_to_bytes(receipt_with(Message.literal("t"), Message.literal("n"))))
    effect, leg = {**whole["effects"][0], "title": found}, [found, "0"]
    others = ({"title": found}, {"effects": [effect]}, {"legs": [leg]}, {"notes": found}, {"notes": [found]})
    for other in others:
        try:
            receipt = receipt_from_bytes(json.dumps({**whole, **other}).encode(), where="here")
        except FormatError:
            continue
        for language in LANGUAGES:
            with speaking(language):
                assert list(receipt_lines(receipt, "undo"))
            assert all(isinstance(shown(note, language), str) for note in receipt.notes)


def test_an_error_says_its_messages_in_each_language() -> None:
    error = RefusedError("it is not there", where="C:", expected="a file", remedy="Make it.")
    error.say_also(Message.of("sentences.rolled-back"))
    assert error.remedy == "Make it.\n  Everything was rolled back."
    assert str(error) == "C: it is not there (expected a file)\n  Make it.\n  Everything was rolled back."
    french = error.shown(texts_in("fr").message)
    assert french == "C: it is not there (expected a file)\n  Make it.\n  Tout a été annulé."
    keyed = RefusedError(Message.of("sentences.refused"), where="C:", expected="--yes")
    assert str(keyed) == "C: the answer was no; nothing was changed (expected --yes)"
    assert keyed.shown(texts_in("fr").message).endswith("rien n'a été modifié (attendu\u00a0: --yes)")


SOURCES = {
    path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(Path(product.__file__).parent.rglob("*.py"))
}
A_KEY = re.compile(rf"({'|'.join(sorted({key.partition('.')[0] for key in english.TEXTS}))})\.[a-z-]+")


def made_in(tree: ast.Module) -> Iterator[tuple[list[str], set[str], int]]:
    """The keys and names of each message that a module makes; no keys where they are looked up."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Message"), attr="of"), args=[key], keywords=names):
                choices = [key.body, key.orelse] if isinstance(key, ast.IfExp) else [key]
                keys = [
                    each.value for each in choices if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                assert keys or isinstance(key, ast.Subscript), f"line {node.lineno}: nobody can see which key it is"
                yield keys, {str(name.arg) for name in names}, node.lineno


def test_each_message_that_is_made_has_a_text_with_its_names() -> None:
    count = 0
    for path, tree in SOURCES.items():
        if path.name == "message.py":
            continue  # it reads keys from JSON
        for keys, names, line in made_in(tree):
            for key in keys:
                text = english.TEXTS.get(key, english.TEXTS.get(f"{key}-many"))
                assert text is not None, f"{path}:{line} makes {key}, which has no text"
                assert names_in(text) == names, f"{path}:{line} makes {key} with other names than its text"
                count += 1
    assert count > 60


def test_each_text_is_used_and_no_other_key_is_named() -> None:
    named = {
        node.value
        for path, tree in SOURCES.items()
        for node in ast.walk(tree)
        if path.name != "english.py" and isinstance(node, ast.Constant) and isinstance(node.value, str)
        if A_KEY.fullmatch(node.value)
    }
    assert named == {re.sub("-(one|many)$", "", key) for key in english.TEXTS}
