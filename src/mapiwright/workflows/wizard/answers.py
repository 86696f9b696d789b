"""A file of answers that runs the Profile Wizard unattended ([how-to] use-the-profile-wizard).

    profile = "Acme Mail"
    services = ["ACME"]

    [service.ACME]
    server = "mail.acme.example"
    password = { file = "/run/secrets/acme" }     # or { stdin = true }

No message repeats an answer, as any may be a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from mapiwright.errors import FormatError, RefusedError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.edit import PROFILE_NAME
from mapiwright.workflows.wizard.state import PATH, Launch, Next, PageKind, Phase, Problem, WizardFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.entry.service.form import Entered, Field
    from mapiwright.workflows.wizard.run import WizardRun
    from mapiwright.workflows.wizard.state import WizardState, Write

FLAGS: Mapping[str, WizardFlag] = MappingProxyType(
    {flag.name.lower().replace("_", "-"): flag for flag in WizardFlag if flag.name}
)
"""The flags of LaunchWizard as answers and options spell them: ``add-service-only``."""

_OWN = MappingProxyType({PageKind.PERSONAL_FOLDERS: "personal_folders", PageKind.ADDRESS_BOOK: "address_book"})
_KEYS = ("profile", "services", "flags", *_OWN.values(), "service")

_PROBLEMS = MappingProxyType(
    {
        Problem.NO_SERVICE: ("services", "no service is chosen", "at least one that supports the Profile Wizard"),
        Problem.NAME_ILLEGAL: (
            "profile",
            "a profile cannot be called so",
            PROFILE_NAME,
        ),
        Problem.NAME_TAKEN: ("profile", "there is a profile of this name already", "another name"),
    }
)


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is read when it is needed: a file, or where ``file`` is "" the next line of standard input."""

    file: str = ""


Answer: TypeAlias = "str | int | bool | SecretSource"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file of answers says: how the wizard is launched, and by service the contents of the fields."""

    launch: Launch
    services: Mapping[str, Mapping[str, Answer]] = field(repr=False)
    own: Mapping[PageKind, str] = field(repr=False)


def read_answers(data: bytes, where: str) -> Answers:
    """The answers of a TOML document; raises FormatError where it is none, UsageError for what means nothing."""
    import tomllib  # noqa: PLC0415 - a verb that shows its help reads none

    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = str(error).rpartition("(")[2].rstrip(")") if "at line" in str(error) else ""
        raise FormatError(
            "the answers do not parse", where=f"{where}, {line}" if line else where, expected="TOML in UTF-8"
        ) from None  # the text of the error may quote an answer
    _refuse_unknown(document, _KEYS, where)
    tables = document.get("service", {})
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise UsageError("service is no table of tables", where=where, expected="[service.NAME]")
    named = _texts(document.get("services", list(tables)), "services", where)
    for name in tables:
        if upcase(name) not in map(upcase, named):
            raise UsageError(f"service.{name} has answers, and is not among services", where=where)
    flags = WizardFlag(0)
    for flag in _texts(document.get("flags", []), "flags", where):
        if flag not in FLAGS:
            raise UsageError(f"there is no flag {flag!r}", where=f"{where}: flags", expected=", ".join(FLAGS))
        flags |= FLAGS[flag]
    return Answers(
        Launch(flags, named, _text(document.get("profile", ""), "profile", where)),
        MappingProxyType(
            {
                upcase(name): MappingProxyType(
                    {key: _answer(each, f"{where}: service.{name}.{key}") for key, each in of.items()}
                )
                for name, of in tables.items()
            }
        ),
        MappingProxyType({kind: _text(document[key], key, where) for kind, key in _OWN.items() if key in document}),
    )


def _text(found: Any, key: str, where: str) -> str:
    if not isinstance(found, str):
        raise UsageError(f"{key} is no text", where=where, expected='"text"')
    return found


def _texts(found: Any, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(found, list):
        raise UsageError(f"{key} is no list", where=where, expected='["text"]')
    return tuple(_text(each, key, where) for each in found)


def _answer(found: Any, where: str) -> Answer:
    match found:
        case bool() | int() | str():
            return found
        case {"file": str(path), **more} if path and not more:
            return SecretSource(path)
        case {"stdin": True, **more} if not more:
            return SecretSource()
    raise UsageError(
        "this is no answer",
        where=where,
        expected="a text, a number, true or false, { file = PATH } or { stdin = true }",
    )


def _refuse_unknown(found: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in known:
            close = get_close_matches(key, known, 1)
            remedy = f"Did you mean {close[0]}?" if close else ""
            raise UsageError(f"{key} is not known", where=where, expected=", ".join(known), remedy=remedy)


@dataclass(slots=True)
class Unattended:
    """Walks a wizard by a file of answers; ``read_secret`` gives what a SecretSource holds."""

    run: WizardRun
    answers: Answers
    where: str
    read_secret: Callable[[SecretSource], str]
    _asked: dict[str, set[str]] = field(default_factory=dict)

    def to_the_end(self) -> Write | None:
        """What is to be written; None where the default profile has the one service already.

        Raises UsageError for an answer that a field does not take, for one that no page asks for, and for one that is
        missing; RefusedError where a service refuses.
        """
        state, write = self.run.begin(self.answers.launch)
        while write is None and state.phase is Phase.PAGES and state.objection is None:
            state, write = self.run.step(state, Next(self._entered(state)))
        if state.objection is not None:
            raise self._refused(state)
        if write is not None:
            self._refuse_unasked(state)
        return write

    def _entered(self, state: WizardState) -> dict[str, Entered]:
        stage, form = state.stage, state.form
        if stage is None or form is None:
            return {}
        if stage.kind in self.answers.own:
            return {PATH: self.answers.own[stage.kind]}
        given = self.answers.services.get(upcase(stage.service), {})
        self._asked.setdefault(upcase(stage.service), set()).update(asked.name for asked in form.fields)
        return {
            asked.name: self._of(stage.service, asked, given[asked.name])
            for asked in form.fields
            if asked.name in given
        }

    def _of(self, service: str, asked: Field, answer: Answer) -> Entered:
        where = f"{self.where}: service.{service}.{asked.name}"
        if isinstance(answer, SecretSource):
            return self.read_secret(answer)
        if asked.secret:
            raise UsageError(
                "a secret does not belong in a file of answers",
                where=where,
                expected="{ file = PATH } or { stdin = true }",
                remedy="Let it be read from where it is kept.",
            )
        return answer if isinstance(answer, bool) else str(answer)

    def _refused(self, state: WizardState) -> RefusedError | UsageError:
        objection, stage, form = state.objection, state.stage, state.form
        assert objection is not None  # noqa: S101 - the caller has seen it
        if objection.problem is not None:
            key, what, expected = _PROBLEMS[objection.problem]
            return UsageError(what, where=f"{self.where}: {key}", expected=expected)
        if objection.faults and stage is not None and form is not None:
            name, why = next(iter(objection.faults.items()))
            asked = next(each for each in form.fields if each.name == name)
            place = f"service.{stage.service}.{name}" if stage.kind is PageKind.SERVICE else _OWN[stage.kind]
            what = "an answer is missing" if why == "missing" else "the answer does not fit"
            return UsageError(what, where=f"{self.where}: {place}", expected=asked.expected)
        return RefusedError(
            f"the service does not go on: {objection.words}", where=f"{self.where}: service.{objection.service}"
        )

    def _refuse_unasked(self, state: WizardState) -> None:
        """An answer that no page has asked for is a mistake, or for another wizard."""
        for name, given in self.answers.services.items():
            asked = self._asked.get(name, set())
            for key in given:
                if key not in asked:
                    close = get_close_matches(key, asked, 1)
                    remedy = f"Did you mean {close[0]}?" if close else ""
                    if not state.stages:
                        remedy = "The service is added to the default profile, and no page is shown for that."
                    raise UsageError(
                        "no page asks for this",
                        where=f"{self.where}: service.{name}.{key}",
                        expected=", ".join(sorted(asked)) or "no answer",
                        remedy=remedy,
                    )
        for kind in self.answers.own:
            if all(stage.kind is not kind for stage in state.stages):
                raise UsageError("no page asks for this", where=f"{self.where}: {_OWN[kind]}", expected="no answer")
