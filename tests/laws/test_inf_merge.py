"""Laws of merging: nothing foreign is touched, twice is once, and taking out gives the bytes from before."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mapiwright.formats import inf
from mapiwright.mapi.inf.merge import (
    Added,
    added_from_json,
    added_to_json,
    is_used_up,
    marked,
    merge,
    remove,
    unmerge,
)

if TYPE_CHECKING:
    from mapiwright.formats.inf import Inf

GLOBAL = ("Services", "Default Services", "Help File Mappings")
FOREIGN = st.sampled_from(["[MSEMS]", "[services]", "[Default Services]", "[Help File Mappings]", "[ours]", "[]"])
ENTRIES = st.sampled_from(["A=1", "a = 2", "MSEMS=Exchange", "PR_DISPLAY_NAME=x", "K=", "bé=ü", "B=1"])
OTHERS = st.sampled_from(["", "", " ", "; note", "# note", "stray", "\x1a", "[broken"])
LINES = FOREIGN | ENTRIES | OTHERS
ENDS = st.sampled_from(["\r\n", "\n", "\r"])
ENCODINGS = st.sampled_from(
    [("cp1252", b""), ("cp1250", b""), ("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE)]
)


@st.composite
def targets(draw: st.DrawFn) -> Inf:
    """Any document: in any encoding, with mixed line ends, with or without a last one, however damaged."""
    codec, mark = draw(ENCODINGS)
    usual = draw(ENDS)
    ends = st.just(usual) if draw(st.booleans()) else ENDS
    text = "".join(line + draw(ends) for line in draw(st.lists(LINES, max_size=14)))
    if draw(st.booleans()):
        text += draw(LINES)
    return inf.parse(mark + text.encode(codec), "cp1252" if mark else codec)


@st.composite
def fragments(draw: st.DrawFn, service: str = "ACME") -> Inf:
    """A package's fragment: a service with providers, now and then a default service and a help file."""
    providers = [f"{service} P{number}" for number in range(draw(st.integers(1, 3)))]
    sections = [("Services", [f"{service}=Acme é"]), (service, [f"Providers={','.join(providers)}"])]
    sections += [(name, [f"PR_DISPLAY_NAME={name}", 'PR_PROVIDER_DISPLAY="q"']) for name in providers]
    if draw(st.booleans()):
        sections.append(("Default Services", [f"{service}=Acme é"]))
    if draw(st.booleans()):
        sections.insert(0, ("Help File Mappings", [f"{service}=acme.hlp", "SHARED=shared.hlp"]))
    sections = draw(st.permutations(sections))
    if draw(st.booleans()):  # nothing links to these: the second section of a name is no other's beginning either
        sections += [("Services", ["LOST=x"]), ("LOST", ["Providers=LOST P"]), ("LOST P", ["PR_DISPLAY_NAME=x"])]
    text = "".join(f"[{name}]\r\n" + "".join(f"{line}\r\n" for line in lines) for name, lines in sections)
    return inf.parse(text.encode("cp1252"))


def on_disk(document: Inf) -> Inf:
    """The document as the next run of the program finds it."""
    code_page = "cp1252" if document.encoding.mark else document.encoding.codec
    again = inf.parse(inf.render(document), code_page)
    assert again == document
    return again


def as_stored(record: Added) -> Added:
    """The record as the next run of the program finds it."""
    stored = json.dumps(added_to_json(record))
    assert stored.isascii()
    return added_from_json(json.loads(stored))


def linked_keys_of(fragment: Inf) -> dict[tuple[str, str], str]:
    """What of a fragment anybody reads."""
    return {place: value for place, value in keys_of(fragment).items() if not place[0].startswith("LOST")}


def keys_of(document: Inf) -> dict[tuple[str, str], str]:
    return {
        (section.name.upper(), entry.key.upper()): entry.value
        for section in document.sections
        if document.section(section.name) is section
        for entry in section.entries
        if section.entry(entry.key) is entry
    }


@given(targets(), fragments())
def test_a_merge_adds_the_fragment_and_touches_no_other_line(target: Inf, fragment: Inf) -> None:
    merged = merge(target, fragment)
    assert not merged.conflicts
    assert keys_of(merged.inf) == keys_of(target) | linked_keys_of(fragment)
    after = iter([line.data for line in on_disk(merged.inf).lines])
    assert all(line.data in after for line in target.lines), "every line is there, in its order, byte for byte"


@given(targets(), fragments())
def test_merging_again_merges_nothing(target: Inf, fragment: Inf) -> None:
    merged = merge(target, fragment)
    again = merge(on_disk(merged.inf), fragment)
    assert inf.render(again.inf) == inf.render(merged.inf)
    assert again.record.shares == ()


@given(targets(), fragments())
def test_unmerge_gives_back_the_bytes_from_before(target: Inf, fragment: Inf) -> None:
    merged = merge(target, fragment)
    undone = unmerge(on_disk(merged.inf), as_stored(merged.record))
    assert not undone.kept
    assert undone.inf is not None
    assert inf.render(undone.inf) == inf.render(target)


@given(targets(), fragments("ACME"), fragments("Zeta"), st.booleans())
def test_two_packages_come_and_go_in_either_order(target: Inf, one: Inf, two: Inf, first_goes_first: bool) -> None:
    first = merge(target, one)
    second = merge(on_disk(first.inf), two, [as_stored(first.record)])
    records = [as_stored(first.record), as_stored(second.record)]
    goes, stays = records if first_goes_first else records[::-1]
    between = unmerge(on_disk(second.inf), goes, [stays])
    assert not between.kept
    assert between.inf is not None
    alone = two if first_goes_first else one
    assert keys_of(between.inf) == keys_of(target) | linked_keys_of(alone)
    done = unmerge(on_disk(between.inf), stays)
    assert not done.kept
    assert done.inf is not None
    assert inf.render(done.inf) == inf.render(target)


@given(fragments("ACME"), fragments("Zeta"), st.booleans())
def test_a_file_that_was_not_there_is_gone_again(one: Inf, two: Inf, first_goes_first: bool) -> None:
    first = merge(inf.empty(), one, absent=True)
    second = merge(on_disk(first.inf), two, [first.record])
    goes, stays = (first.record, second.record)[:: 1 if first_goes_first else -1]
    between = unmerge(on_disk(second.inf), goes, [stays])
    assert between.inf is not None
    assert unmerge(on_disk(between.inf), stays).inf is None


@given(fragments())
def test_a_file_that_was_empty_is_empty_again(fragment: Inf) -> None:
    merged = merge(inf.empty(), fragment)
    undone = unmerge(merged.inf, merged.record)
    assert undone.inf is not None
    assert inf.render(undone.inf) == b""


@given(targets(), fragments(), st.data())
def test_what_others_wrote_since_survives_a_removal(target: Inf, fragment: Inf, data: st.DataObject) -> None:
    merged = merge(target, fragment)
    foreign = [(section.name, "FOREIGN") for section in merged.inf.sections]
    current = merged.inf
    for name, key in data.draw(st.lists(st.sampled_from(foreign), max_size=3)):
        current = inf.set_value(current, name, key, "kept")
    undone = unmerge(on_disk(current), merged.record)
    assert undone.inf is not None
    added = {place: value for place, value in keys_of(current).items() if place[1] == "FOREIGN"}
    assert keys_of(undone.inf) == keys_of(target) | added
    # A section of ours with a foreign key keeps its header, which is told; the others go.
    held = {name for name, _ in added} - {section.name.upper() for section in target.sections}
    assert {finding.id for finding in undone.kept} == ({"MW1211"} if held else set())
    assert len(undone.kept) == len(held)


@given(targets(), fragments(), st.data())
def test_a_line_of_ours_that_somebody_changed_stays_and_is_told(
    target: Inf, fragment: Inf, data: st.DataObject
) -> None:
    merged = merge(target, fragment)
    lines = [(share.name, key) for share in merged.record.shares for key, _ in share.lines]
    name, key = data.draw(st.sampled_from(lines))
    current = inf.set_value(merged.inf, name, key, "changed by hand")
    undone = unmerge(on_disk(current), merged.record)
    assert undone.inf is not None
    assert keys_of(undone.inf) == keys_of(target) | {(name.upper(), key.upper()): "changed by hand"}
    assert [finding.id for finding in undone.kept if finding.id != "MW1211"] == ["MW1210"]


@given(targets(), fragments(), st.data())
def test_a_line_of_ours_that_somebody_removed_is_told(target: Inf, fragment: Inf, data: st.DataObject) -> None:
    merged = merge(target, fragment)
    lines = [(share.name, key) for share in merged.record.shares for key, _ in share.lines]
    name, key = data.draw(st.sampled_from(lines))
    undone = unmerge(inf.delete_key(merged.inf, name, key), merged.record)
    assert undone.inf is not None
    assert keys_of(undone.inf) == keys_of(target)
    assert [finding.id for finding in undone.kept] == ["MW1212"]


@st.composite
def orderly_targets(draw: st.DrawFn) -> Inf:
    """A file as people keep it: some sections of the first level, maybe empty, above those of the services."""
    end, gap = draw(st.sampled_from(["\r\n", "\n"])), draw(st.sampled_from(["", "\n", "\n\n", "; note\n"]))
    level = ["Services", *draw(st.sets(st.sampled_from(GLOBAL[1:])))]
    sections = [(name, draw(st.lists(st.sampled_from(["MSEMS=x", "; none"]), max_size=1))) for name in level]
    sections += [(name, ["PR_DISPLAY_NAME=x"]) for name in draw(st.lists(st.sampled_from(["MSEMS", "P", "Q"])))]
    text = gap.join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections)
    if draw(st.integers(0, 4)) == 0:
        text = ""  # as a file is that somebody emptied
    text += draw(st.sampled_from(["", "\n", "; the end\n", "; the end", " "]))
    return inf.parse(text.replace("\n", end).encode() if draw(st.booleans()) else text.rstrip("\n").encode())


@given(orderly_targets(), fragments())
def test_remove_takes_a_merged_service_out_without_any_record(target: Inf, fragment: Inf) -> None:
    merged = merge(target, fragment)
    left = remove(on_disk(merged.inf), ["acme"])
    lost = keys_of(merged.inf).keys() - keys_of(left).keys()
    shared = {("HELP FILE MAPPINGS", "SHARED")} & keys_of(fragment).keys()
    assert lost == linked_keys_of(fragment).keys() - shared
    if not shared:
        # A component of another name cannot be told from a foreign one, and stays.
        assert inf.render(left) == inf.render(target)


@given(fragments("ACME"), fragments("Zeta"), st.booleans())
def test_a_file_that_inf_merge_made_goes_with_its_last_service(one: Inf, two: Inf, first_goes_first: bool) -> None:
    made = on_disk(marked(merge(inf.empty(), one, absent=True).inf))
    both = on_disk(merge(made, two).inf)
    goes, stays = ("ACME", "Zeta")[:: 1 if first_goes_first else -1]
    between = on_disk(remove(both, [goes]))
    assert not is_used_up(between)
    left = on_disk(remove(between, [stays]))
    shared = ("HELP FILE MAPPINGS", "SHARED") in keys_of(both)  # which cannot be told from a foreign one
    assert is_used_up(left) != shared
    assert not is_used_up(merge(left, one).inf)
    assert not is_used_up(inf.parse(b"[Services]\r\n")), "somebody else made it"


@given(targets(), fragments("ACME"), fragments("Zeta"))
def test_remove_leaves_every_other_service_as_it_is(target: Inf, one: Inf, two: Inf) -> None:
    both = merge(merge(target, one).inf, two).inf
    left = keys_of(remove(both, ["Zeta"]))
    lost = keys_of(both).keys() - left.keys()
    assert lost == {(name, key) for name, key in lost if name.startswith("ZETA") or key == "ZETA"}
    assert all(left[place] == value for place, value in keys_of(both).items() if place in left)
