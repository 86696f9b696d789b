"""The table of property tags is made from headers and pages: here from some that are small enough to see through."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

TOOL = Path(__file__).parent.parent.parent / "tools" / "property_tags.py"
HEADERS = {
    "MAPITags.h": """
        #define PR_PLAIN             PROP_TAG( PT_LONG, 0x3001)  // PROP_TAG(PT_LONG, 0x9999)
        #define PR_TEXT              PROP_TAG( PT_TSTRING, 0x3002)
        #define PR_TEXT_W            PROP_TAG( PT_UNICODE, 0x3002)
        #define PR_TEXT_A            PROP_TAG( PT_STRING8, 0x3002)
        #define PR_OTHER_TEXT        PR_TEXT
        #define PR_OTHER_TEXT_A      PR_TEXT_A
        #define PR_WIDE_W            PROP_TAG(PT_UNICODE, 0x3003)
        #define PR_BOTH_W            PROP_TAG(PT_MV_UNICODE, 0x3004)
        #define PR_BOTH_A            PROP_TAG(PT_MV_STRING8, 0x3004)
        #define PR_PLAN_A            PROP_TAG(PT_I4, 0x3005)
        /* #define PR_COMMENTED      PROP_TAG(PT_LONG, 0x3006) */
        #define PROP_ID_SECURE_MIN   0x67F0
    """,
    "MAPIAux.h": "#define PR_PLAIN PROP_TAG(PT_LONG, 0x3FFF)",
    "EdkMdb.h": """
        #define\tpidMin\t0x6600
        #define pidNext              (pidMin + 0x10)
        #define PR_SUM               PROP_TAG(PT_SHORT, pidNext+0x01)
        #define PR_DIFFERENCE        PROP_TAG (PT_LONGLONG, pidNext - 0x01)
        #define PR_SAME_ID           PROP_TAG( PT_I8, PROP_ID(PR_PLAIN))
        #define PR_SECRET            PROP_TAG( PT_BINARY, PROP_ID_SECURE_MIN)
        #define PR_UNTOLD            PROP_TAG( PT_LONG, PROP_ID(ptagElsewhere))
        #define PR_ODD               PROP_TAG( PT_FILE_HANDLE, 0x6601)
    """,
    **dict.fromkeys(["MSPST.h", "MAPIWz.h", "actMgmt.h", "EMSABTAG.H"], ""),
}
PAGES = {
    "Plain": ("PR_PLAIN", "0x3001", "PT_LONG"),
    "Text": ("PR_TEXT, PR_TEXT_A, PR_TEXT_W, PR_YET_ANOTHER_TEXT", "0x3002", "PT_UNICODE, PT_STRING8"),
    "TextAgain": ("PR_TEXT", "0x3002", "PT_UNICODE"),
    "Sum": ("PR_SUM", "0x001F", "PT_I2"),
    "OfThePageAlone": ("PR_OF_THE_PAGE_W", "0x3EA0001F", "PT_UNICODE8"),
    "WithoutName": ("None", "0x3EA1", "PT_MV_STRING8, PT_UNICODE"),
    "WithoutId": ("PR_WITHOUT_ID", "TBD", "PT_LONG"),
}
MADE = """\
3001 LONG PR_PLAIN PidTagPlain MAPITags.h
3001 I8 PR_SAME_ID - EdkMdb.h
3002 TSTRING PR_TEXT PidTagText MAPITags.h
3002 TSTRING PR_OTHER_TEXT - MAPITags.h
3002 TSTRING PR_YET_ANOTHER_TEXT - PidTagText
3002 TSTRING - PidTagTextAgain page
3003 UNICODE PR_WIDE - MAPITags.h
3004 MV_TSTRING PR_BOTH - MAPITags.h
3005 LONG PR_PLAN_A - MAPITags.h
3EA0 UNICODE PR_OF_THE_PAGE PidTagOfThePageAlone page
3EA1 MV_TSTRING - PidTagWithoutName page
660F I8 PR_DIFFERENCE - EdkMdb.h
6611 I2 PR_SUM PidTagSum EdkMdb.h
67F0 BINARY PR_SECRET - EdkMdb.h
"""


def page(name: str, names: str, ident: str, kind: str) -> str:
    return (
        f"---\ntitle: {name}\n---\n\n# PidTag{name} Canonical Property\n\n|Property|Value|\n|:-----|:-----|\n"
        f"|Associated properties:  <br/> |{names}  <br/> |\n|Identifier:  <br/> |{ident}  <br/> |\n"
        f"|Data type:  <br/> |{kind}  <br/> |\n"
    )


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = spec_from_file_location("property_tags", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "property_tags", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TABLE", tmp_path / "made.py")
    return module


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="git reads the sources, and is not installed")
def test_the_table_holds_what_headers_and_pages_say(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    headers, pages = tmp_path / "headers", tmp_path / "pages"
    headers_commit = commit(headers, {f"include/{name}": text for name, text in HEADERS.items()})
    pages_commit = commit(
        pages,
        {
            f"docs/outlook/mapi/pidtag{name.lower()}-canonical-property.md": page(name, *row)
            for name, row in PAGES.items()
        }
        | {"docs/outlook/mapi/mapi-constants.md": "# Constants"},
    )
    tool.main(str(headers), str(pages))
    made = tool.TABLE.read_text(encoding="utf-8")
    content: dict[str, str] = {}
    exec(made, content)  # noqa: S102 - it is a module
    assert content["TABLE"] == MADE
    assert f"at {headers_commit}\n" in made
    assert f"at {pages_commit}\n" in made
    told = capsys.readouterr().err
    for left_open in (
        "PR_UNTOLD",
        "PR_ODD",
        "PidTagWithoutId tells no tag",
        "PidTagSum says 001F, and EdkMdb.h 6611",
    ):
        assert left_open in told
    tool.main(str(headers), str(pages))
    assert tool.TABLE.read_text(encoding="utf-8") == made


@pytest.mark.skipif(shutil.which("git") is None, reason="git reads the sources, and is not installed")
def test_a_name_with_two_ids_is_no_table(tool: ModuleType, tmp_path: Path) -> None:
    torn = "#define PR_X PROP_TAG(PT_TSTRING, 0x3001)\n#define PR_X_A PROP_TAG(PT_STRING8, 0x3002)\n"
    commit(tmp_path / "h", {f"include/{name}": torn if name == "MAPITags.h" else "" for name in HEADERS})
    commit(tmp_path / "p", {"docs/outlook/mapi/index.md": ""})
    with pytest.raises(SystemExit, match="PR_X_A has the id 3002, and PR_X 3001"):
        tool.main(str(tmp_path / "h"), str(tmp_path / "p"))
