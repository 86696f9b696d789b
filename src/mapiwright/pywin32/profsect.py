"""PyIMAPIProp and PyIProfSect: the properties of a profile section ([imapipropiunknown], [iprofsectimapiprop]).

A section is open to others again when no interface of it is referred to any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mapiwright.admin.sections import ProfileSection
from mapiwright.errors import CallError
from mapiwright.mapi.props.tags import PropertyType, prop_type
from mapiwright.pywin32.constants import signed
from mapiwright.pywin32.iids import IIDS
from mapiwright.pywin32.pythoncom import IID_IUnknown
from mapiwright.pywin32.uid import bytes_of
from mapiwright.pywin32.unknown import E_NOINTERFACE, PyIAdministered
from mapiwright.pywin32.values import all_from_script, bits, row_to_script, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mapiwright.admin.properties import PropertyProblem
    from mapiwright.pywin32.uid import Uid
    from mapiwright.pywin32.values import Pair, Tags

    Problems = tuple[int, tuple[tuple[int, int, int], ...] | None]
    """S_OK with, where they were wanted and there are any, the problems: (index, tag, code)."""


class PyIMAPIProp(PyIAdministered[ProfileSection]):
    """Properties, as (tag, value) pairs."""

    interface = IIDS["IID_IMAPIProp"]

    def GetProps(self, propList: Tags, flags: int = 0) -> tuple[int, tuple[Pair, ...]]:
        """S_OK or MAPI_W_ERRORS_RETURNED, and a pair for each tag, or for all that there is where none is named."""
        answer = self.behind.get_props(tags_of(propList), bits(flags))
        return answer.hresult, row_to_script(answer.values, self._code_page)

    def GetPropList(self, flags: int) -> tuple[int, ...]:
        """The tags of all properties but secure ones."""
        return self.behind.get_prop_list(bits(flags))

    def SetProps(self, propList: Sequence[Pair], wantProblems: bool = False) -> Problems:
        """Set properties, at once."""
        pairs = all_from_script(propList, self._code_page)
        return _reported(self.behind.set_props(dict(pairs)), wantProblems, [tag for tag, _ in pairs])

    def DeleteProps(self, propList: Tags, wantProblems: bool = False) -> Problems:
        """Delete properties, at once."""
        return _reported(self.behind.delete_props(tags_of(propList) or ()), wantProblems)

    def CopyTo(
        self,
        IIDExcludeList: Iterable[Uid] | None,
        propTags: Tags,
        uiParam: int,
        progress: None,
        resultIID: Uid,
        dest: PyIMAPIProp,
        flags: int,
        wantProblems: bool = False,
    ) -> Problems:
        """Copy all properties but those of ``propTags`` to another section.

        Where IMAPIProp is excluded there is nothing by which to copy: MAPI_E_INTERFACE_NOT_SUPPORTED ([derived]).
        """
        ways = {bytes_of(IIDS[name]) for name in ("IID_IMAPIProp", "IID_IProfSect")}
        if ways & {bytes_of(iid) for iid in IIDExcludeList or ()}:
            raise CallError("the interface to copy by was excluded", hresult=E_NOINTERFACE)
        target = _destination(dest, resultIID)
        return _reported(self.behind.copy_to(target, tags_of(propTags), bits(flags)), wantProblems)

    def CopyProps(
        self,
        propTags: Tags,
        uiParam: int,
        progress: None,
        resultIID: Uid,
        dest: PyIMAPIProp,
        flags: int,
        wantProblems: bool = False,
    ) -> Problems:
        """Copy the properties with these tags to another section."""
        target = _destination(dest, resultIID)
        return _reported(self.behind.copy_props(tags_of(propTags) or (), target, bits(flags)), wantProblems)

    def SaveChanges(self, flags: int) -> None:
        """Nothing: all was saved when it was set."""
        self.behind.save_changes(bits(flags))

    def OpenProperty(self, propTag: int, iid: Uid, interfaceOptions: int, flags: int) -> NoReturn:
        """MAPI_E_NO_SUPPORT: no property of a section is an object."""
        self.behind.open_property(bits(propTag))

    def GetIDsFromNames(self, nameIds: Any, flags: int = 0) -> NoReturn:
        """MAPI_E_NO_SUPPORT: a section has no named properties."""
        self.behind.get_ids_from_names()

    def GetNamesFromIDs(self, propTags: Tags, propSetGuid: Uid | None = None, flags: int = 0) -> NoReturn:
        """MAPI_E_NO_SUPPORT: a section has no named properties."""
        self.behind.get_names_from_ids()

    def get_one(self, tag: int) -> Pair:
        """What HrGetOneProp does; ours."""
        _, (pair,) = self.GetProps((tag,))
        if prop_type(pair[0]) == PropertyType.ERROR:
            raise CallError(f"property {bits(tag):08X} cannot be had", hresult=bits(pair[1]))
        return pair

    def set_one(self, pair: Pair) -> None:
        """What HrSetOneProp does; ours."""
        _, problems = self.SetProps((pair,), True)
        for _, tag, code in problems or ():
            raise CallError(f"property {tag:08X} cannot be set", hresult=bits(code))


class PyIProfSect(PyIMAPIProp):
    """A profile section, which adds nothing to its properties."""

    interface = IIDS["IID_IProfSect"]


def as_section(section: ProfileSection, iid: Uid | None) -> PyIProfSect:
    """An open section by the interface that was asked for, of which None is the usual one."""
    _must_be_interface(iid)
    return PyIProfSect(section)


def _destination(dest: PyIMAPIProp, iid: Uid) -> ProfileSection:
    if not isinstance(dest, PyIMAPIProp):
        raise TypeError(f"The Python instance can not be converted to a COM object: {type(dest).__name__}")
    _must_be_interface(iid)
    return dest.behind


def _must_be_interface(iid: Uid | None) -> None:
    known = {bytes_of(each) for each in (IIDS["IID_IProfSect"], IIDS["IID_IMAPIProp"], IID_IUnknown)}
    if iid is not None and bytes_of(iid) not in known:
        raise CallError("a profile section has no such interface", hresult=E_NOINTERFACE)


def _reported(problems: tuple[PropertyProblem, ...], wanted: bool, given: Sequence[int] = ()) -> Problems:
    """What a script gets; a tag that it gave twice is set once, and is called by its first place."""
    reported = tuple(
        (given.index(problem.tag) if given else problem.index, problem.tag, signed(problem.hresult))
        for problem in problems
    )
    return 0, reported if wanted and reported else None
