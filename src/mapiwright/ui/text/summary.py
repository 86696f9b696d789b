"""A plan that fits a screen: by step and user, with the topmost files and keys of each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg
from mapiwright.ui.text.diff import shown_key, size_text
from mapiwright.ui.text.language import texts_here
from mapiwright.ui.text.render import plan_lines, plan_title, plan_total, reported
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    WriteFile,
)
from mapiwright.workstation.subject import subject, subject_of_file, subject_of_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.transaction.plans.plan import Plan, Step
    from mapiwright.ui.text.language import Texts
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User

SCREEN = 32
"""The lines of a plan that a person is shown unasked; a shorter plan is shown whole."""
MOST_PLACES = 4
"""The places of a step that are named; of more, the number is said."""
MOST_NAMES = 6
"""The users that are named in a line; likewise."""
MOST_NOTES = 4
"""The notes that are shown; likewise. Those that differ in their user alone count as one."""
USER = "user"
"""The argument of a title or a note that names its user."""

Shape: TypeAlias = "tuple[tuple[Message, int], ...]"


def summary_lines(plan: Plan, code_page: str, users: Sequence[User] = ()) -> Iterator[Line]:
    """The plan itself where it fits a screen; else its steps, what is done alike for several users once.

    At most SCREEN lines but for the last one, which says how the whole plan is seen.
    """
    whole = tuple(plan_lines(plan, code_page, users))
    if len(whole) <= SCREEN:
        yield from whole
        return
    texts = texts_here()
    notes = tuple(_notes(plan, texts))
    rows = tuple(_parts(plan.steps))
    room = SCREEN - len(notes) - 2
    for places in range(MOST_PLACES, -1, -1):
        body = [tuple(row.lines(texts, users, places)) for row in rows]
        if sum(map(len, body)) <= room:
            break
    else:
        body = [lines[:1] for lines in body]
    yield Line(plan_title(plan, texts), Style.HEADING)
    yield from notes
    left = len(body) if len(body) <= room else room - 1
    for lines in body[:left]:
        yield from lines
    if left < len(body):
        yield Line(texts.count("plan.more-steps", len(body) - left), Style.QUIET).indented(4)
    yield Line(plan_total(plan, texts), Style.QUIET)
    yield Line(texts("plan.whole"), Style.QUIET)


@dataclass(slots=True)
class _Part:
    """Steps that are the same for ``users`` but for the user; no users where a step is nobody's."""

    number: int
    steps: tuple[Step, ...]
    users: list[str] = field(default_factory=list)

    def lines(self, texts: Texts, users: Sequence[User], places: int) -> Iterator[Line]:
        """A heading for each step, and its topmost places; of several users, of the first one."""
        several = len(self.users) > 1
        for number, step in enumerate(self.steps, self.number):
            title = step.title
            if several:
                title = _with_user(title, texts.count("plan.users", len(self.users)))
            if not isinstance(step, Leg):
                yield Line(f"{number:>2}. {texts('plan.open', title=reported(title, texts))}", Style.CHANGED)
                continue
            key = "plan.step-each" if several else "plan.step"
            changes = texts.count("plan.changes", len(step.changes))
            yield Line(f"{number:>2}. {texts(key, title=reported(title, texts), changes=changes)}", Style.HEADING)
            if several:
                yield Line(_some(self.users, texts)).indented(4)
            yield from (line.indented(4) for line in _topmost(step.changes, users, texts, places))


def _parts(steps: Sequence[Step]) -> Iterator[_Part]:
    """The steps, those of users who come one after the other and get the same, together."""
    numbered = enumerate(steps, 1)
    for of_users, run in groupby(numbered, lambda each: bool(_user_of(each[1].title))):
        if not of_users:
            yield from (_Part(number, (step,)) for number, step in run)
            continue
        by_shape: dict[Shape, _Part] = {}
        for user, own in groupby(run, lambda each: _user_of(each[1].title)):
            (number, _), *_ = found = tuple(own)
            mine = tuple(step for _, step in found)
            part = by_shape.setdefault(_shape(mine), _Part(number, mine))
            part.users.append(user)
        yield from by_shape.values()


def _shape(steps: Iterable[Step]) -> Shape:
    """What steps do, whoever they do it for; values that are drawn for each user are not looked at."""
    return tuple((_with_user(step.title, ""), len(step.changes) if isinstance(step, Leg) else 0) for step in steps)


def _user_of(title: Message) -> str:
    """The user that a title names, "" where it names none."""
    return next((value for name, value in title.arguments if name == USER and isinstance(value, str)), "")


def _with_user(title: Message, user: str) -> Message:
    return Message(title.key, tuple((name, user if name == USER else value) for name, value in title.arguments))


def _some(names: Sequence[str], texts: Texts) -> str:
    first = ", ".join(map(escape, names[:MOST_NAMES]))
    left = len(names) - MOST_NAMES
    return texts("plan.and-more", names=first, number=left) if left > 0 else first


def _notes(plan: Plan, texts: Texts) -> Iterator[Line]:
    """The first note of each kind, and how many more there are."""
    kinds: dict[str, Message] = {}
    for note in plan.notes:
        kinds.setdefault(note.key if _user_of(note) else str(note), note)
    shown = tuple(kinds.values())[:MOST_NOTES]
    for note in shown:
        yield Line(texts("plan.note", note=reported(note, texts)), Style.CHANGED).indented(2)
    if len(plan.notes) > len(shown):
        yield Line(texts.count("plan.more-notes", len(plan.notes) - len(shown)), Style.CHANGED).indented(2)


@dataclass(slots=True)
class _Place:
    """A file, folder or key that no other change of its step is above, and the number of changes in it."""

    line: Line
    inside: int = 0


def _topmost(changes: Sequence[Change], users: Sequence[User], texts: Texts, most: int) -> Iterator[Line]:
    """The topmost places that the changes are about, with how much there is below each."""
    owners = {user.root.parts[:1]: user.name for user in users}
    paths = tuple(map(_path_of, changes))
    known = frozenset(paths)
    places: dict[tuple[str, ...], _Place] = {}
    for change, path in zip(changes, paths, strict=True):
        top = next(path[:end] for end in range(1, len(path) + 1) if path[:end] in known)
        place = places.setdefault(top, _Place(Line("")))
        if path == top and not isinstance(change, SetValue):
            place.line = _place_line(change, owners)
        else:
            place.inside += 1
            if path == top and not place.line.text:
                place.line = _place_line(change, owners)
    for place in tuple(places.values())[:most]:
        inside = texts.count("plan.inside", place.inside) if place.inside else ""
        yield Line(f"{place.line.text}{inside}", place.line.style)
    if 0 < most < len(places):
        yield Line(texts.count("plan.more-places", len(places) - most), Style.QUIET)


def _path_of(change: Change) -> tuple[str, ...]:
    """Where a change is, in names as Windows compares them: a value is where its key is, a folder among the files."""
    match change:
        case SetValue(key):
            return subject_of_key(key)
        case MakeFolder(path) | RemoveFolder(path):
            return subject_of_file(path)
        case _:
            return subject(change)


def _place_line(change: Change, owners: Mapping[tuple[str, ...], str]) -> Line:
    match change:
        case CreateKey(key):
            return Line(f"+ {shown_key(key, owners)}", Style.ADDED)
        case DeleteKey(key):
            return Line(f"- {shown_key(key, owners)}", Style.REMOVED)
        case SetValue(key):
            return Line(f"~ {shown_key(key, owners)}", Style.CHANGED)
        case MakeFolder(path):
            return Line(f"+ {escape(path)}\\", Style.ADDED)
        case RemoveFolder(path):
            return Line(f"- {escape(path)}\\", Style.REMOVED)
        case WriteFile(path, old, new) | ReplaceAtRestart(path, old, new):
            mark, style = ("+", Style.ADDED) if old is None else ("~", Style.CHANGED)
            if new is None:
                mark, style = "-", Style.REMOVED
            return Line(f"{mark} {escape(path)}  {size_text(new if new is not None else old)}", style)
