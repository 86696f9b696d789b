"""The rules of MAPISVC.INF: for every finding its stable id, how bad it is, the sentence that was broken, the remedy.

MW10.. and MW11.. are what is wrong with a file, MW12.. what stands between two files that are to be merged.
docs/reference/findings.md has the same table, and a test compares them. An id is never given to another rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.mapi.props.protected import MASK, is_secret_word

if TYPE_CHECKING:
    from collections.abc import Mapping

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: how bad it is to break it, what it says, and what to do."""

    severity: Severity
    text: str
    remedy: str


INF_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # The text.
        "MW1001": Rule(
            ERROR,
            "A line is a section header, a key with its value, a comment, or blank.",
            "Join it to the line above where it is the rest of it; else remove it, or put ';' before it.",
        ),
        "MW1002": Rule(ERROR, "A key is in a section.", "Put the line below the header of its section."),
        "MW1003": Rule(
            WARNING,
            "MAPISVC.INF is in the ANSI code page of the workstation, without a byte order mark.",
            "Save it in that code page: with a mark, Windows may miss the first section or read other characters.",
        ),
        "MW1004": Rule(
            ERROR,
            "Every byte is text in the ANSI code page.",
            "Name the code page in which the file was written, or correct the bytes.",
        ),
        "MW1005": Rule(WARNING, "Text holds no control characters.", "Remove them; an editor does not show them."),
        "MW1006": Rule(
            WARNING,
            "A section name is used once: Windows reads the first section of that name only.",
            "Move the keys into the first section and remove the other.",
        ),
        "MW1007": Rule(
            WARNING,
            "A key, and a property, occurs once in a section: Windows reads the first one only.",
            "Remove the wrong line.",
        ),
        "MW1008": Rule(
            WARNING,
            "A section header is '[name]' and nothing more.",
            "Remove the blanks inside the brackets and the text behind them.",
        ),
        "MW1009": Rule(
            WARNING,
            "Characters beyond ASCII are in the ANSI code page of the workstation: MAPI reads no UTF-8.",
            "Save the file in that code page (ANSI in Windows' Notepad), otherwise users see wrong characters.",
        ),
        # Links.
        "MW1010": Rule(
            WARNING,
            "[Services] lists the message services.",
            "Add a [Services] section with a line for each service.",
        ),
        "MW1011": Rule(
            ERROR,
            "A key in [Services] names the section of that service.",
            "Add the section, or remove the line.",
        ),
        "MW1012": Rule(
            ERROR,
            "A message service has at least one provider, named by Providers.",
            "Add Providers= with the names of the provider sections.",
        ),
        "MW1013": Rule(ERROR, "A name in Providers is that of a section.", "Add the section, or remove the name."),
        "MW1014": Rule(ERROR, "A name in Sections is that of a section.", "Add the section, or remove the name."),
        "MW1015": Rule(
            ERROR,
            "A provider section has PR_PROVIDER_DLL_NAME, PR_PROVIDER_DISPLAY and PR_RESOURCE_TYPE.",
            "Add the missing line.",
        ),
        "MW1016": Rule(WARNING, "A provider section has PR_DISPLAY_NAME.", "Add the name that users will see."),
        "MW1017": Rule(
            ERROR,
            "[Default Services] is a subset of [Services].",
            "Add the service to [Services], or remove the line.",
        ),
        "MW1018": Rule(
            ERROR,
            "A component in [Help File Mappings] has at most 30 characters.",
            "Shorten it, here and in the DTPAGE structures that use it.",
        ),
        "MW1019": Rule(
            ERROR,
            "Only a service section links to others: Providers and Sections have no meaning elsewhere.",
            "Move the line to the section of the service.",
        ),
        "MW1020": Rule(
            NOTE,
            "A section is linked from [Services], Providers or Sections.",
            "Nothing reads it through a link; remove it unless a program asks for it by name.",
        ),
        "MW1021": Rule(
            WARNING,
            "A provider section or extra section belongs to one service, and is named once.",
            "Give each service a section of its own.",
        ),
        "MW1022": Rule(
            WARNING,
            "A key is a property, or one of Providers, Sections, UID and WIZARD_ENTRY_NAME.",
            "Correct the key; MAPI does not know it.",
        ),
        # DLLs and entry points.
        "MW1030": Rule(
            ERROR,
            "A DLL is named without its '32': MAPI adds that itself.",
            "Write foo.dll for the file foo32.dll.",
        ),
        "MW1031": Rule(
            ERROR,
            "The only period in the name or path of a DLL is that of its extension: '32' goes before the first one.",
            "Choose a folder and a name without periods.",
        ),
        "MW1032": Rule(NOTE, "A DLL is named with its extension.", "Add .dll to the name."),
        "MW1033": Rule(
            ERROR,
            "A path survives the conversion to the ANSI code page of the workstation and back.",
            "Choose a folder and a name in the characters of that code page.",
        ),
        "MW1034": Rule(
            ERROR,
            "PR_SERVICE_DLL_NAME and PR_SERVICE_ENTRY_NAME are both present or both absent.",
            "Add the missing one.",
        ),
        "MW1035": Rule(
            NOTE,
            "A message service should have an entry point.",
            "Without one, only the service can configure itself.",
        ),
        "MW1036": Rule(
            WARNING,
            "A service that supports the Profile Wizard can be configured by its entry point.",
            "Add PR_SERVICE_DLL_NAME and PR_SERVICE_ENTRY_NAME, or remove WIZARD_ENTRY_NAME.",
        ),
        "MW1037": Rule(
            WARNING,
            "A DLL is a bare name, which is searched on the PATH, or a full path.",
            "Write the drive and all folders, or the name alone.",
        ),
        "MW1038": Rule(
            NOTE,
            "PR_SERVICE_SUPPORT_FILES names exactly the files that must be installed with the service.",
            "Add the DLL to PR_SERVICE_SUPPORT_FILES.",
        ),
        "MW1039": Rule(
            WARNING,
            "A DLL that several services use is in no service's PR_SERVICE_DELETE_FILES.",
            "Remove it from PR_SERVICE_DELETE_FILES: removing one service would break the other.",
        ),
        # Properties.
        "MW1040": Rule(
            ERROR,
            "Bytes are written as an even number of hexadecimal digits.",
            "Find the digit that was lost or doubled.",
        ),
        "MW1041": Rule(
            ERROR,
            "A value is written as its type is: PT_LONG as 8 hexadecimal digits, lowest byte first, or as symbols.",
            "See docs/reference/mapisvc-inf.md for the syntax of each type.",
        ),
        "MW1042": Rule(
            ERROR,
            "A symbol is one of MAPI's: SERVICE_..., STATUS_..., HOOK_... or MAPI_..._PROVIDER.",
            "Correct the spelling.",
        ),
        "MW1043": Rule(
            ERROR,
            "A name that begins with PR_ is that of a MAPI property.",
            "Correct the spelling, or write the property tag as 8 hexadecimal digits.",
        ),
        "MW1044": Rule(ERROR, "PR_SERVICE_UID is not in MAPISVC.INF: MAPI computes it.", "Remove the line."),
        "MW1045": Rule(
            ERROR,
            "Secure properties (0x67F0 to 0x67FF) are not in MAPISVC.INF, which everybody can read.",
            "Remove the line; the service keeps secrets in the profile.",
        ),
        "MW1046": Rule(
            ERROR,
            "A profile section holds no named properties (ids from 0x8000).",
            "Choose an id from 0x6600 to 0x67EF.",
        ),
        "MW1047": Rule(
            ERROR,
            "The type of a property has a syntax in MAPISVC.INF.",
            "Choose a type such as PT_LONG, PT_UNICODE or PT_BINARY.",
        ),
        "MW1048": Rule(
            WARNING,
            "PT_LONG is written as 8 hexadecimal digits or as symbols.",
            "Write it so; it was read as the decimal number, or as 0 where nothing was written.",
        ),
        "MW1049": Rule(
            ERROR,
            "UID is in an extra section and has 32 hexadecimal digits.",
            "Move it to a section that Sections names, or correct it.",
        ),
        # Flags and design.
        "MW1050": Rule(
            ERROR,
            "Flags that exclude each other are not set together.",
            "Remove the wrong one.",
        ),
        "MW1051": Rule(
            WARNING,
            "A service states whether it supplies the primary identity.",
            "Add SERVICE_PRIMARY_IDENTITY or SERVICE_NO_PRIMARY_IDENTITY to PR_RESOURCE_FLAGS.",
        ),
        "MW1052": Rule(
            WARNING,
            "SERVICE_ flags are those of service sections, STATUS_ and HOOK_ flags those of provider sections.",
            "Use the flag of that level: the same bit means something else there.",
        ),
        "MW1053": Rule(
            WARNING,
            "PR_RESOURCE_TYPE is that of a store, transport, address book or hook provider.",
            "Write MAPI_STORE_PROVIDER, MAPI_TRANSPORT_PROVIDER, MAPI_AB_PROVIDER or MAPI_HOOK_PROVIDER.",
        ),
        "MW1054": Rule(
            NOTE,
            "Providers of one type in one DLL share the one entry point that MAPI keeps for that type.",
            "Nothing, if that is how the DLL was written.",
        ),
        # Merging.
        "MW1201": Rule(
            ERROR,
            "An existing line is not changed.",
            "Remove the product that wrote it, or choose another name.",
        ),
        "MW1202": Rule(
            ERROR,
            "A section that belongs to another service is not used for this one.",
            "Choose another name for the section.",
        ),
        "MW1203": Rule(
            ERROR,
            "What is merged can be written in the encoding of the file.",
            "Name the code page of the workstation, or use characters of that code page.",
        ),
        "MW1204": Rule(
            WARNING,
            "What is merged is linked from [Services], Providers or Sections, and the first section of its name.",
            "Link it, or take it out of the fragment; nothing of MAPI reads it.",
        ),
        "MW1210": Rule(
            WARNING,
            "A line that somebody changed after it was merged is not removed.",
            "Remove it by hand if nothing needs it.",
        ),
        "MW1211": Rule(
            NOTE,
            "A section in which somebody added lines after it was merged keeps its header.",
            "Remove it by hand if nothing needs it.",
        ),
        "MW1212": Rule(NOTE, "A line that was merged is still there when it is removed.", "Nothing: it is gone."),
    }
)
"""Rules by id, in the order of the page."""


def finding(id_: str, what: str, *, line: int = 0, where: str = "") -> Finding:
    """The finding that ``what`` breaks the rule of that id. Characters that no stream can carry are escaped."""
    rule = INF_RULES[id_]
    shown = what.encode("utf-8", "backslashreplace").decode()
    return Finding(id_, rule.severity, where, shown, rule.text, rule.remedy, line)


def quoted(text: str) -> str:
    """A text of any length within quotation marks, for a message; sealed data are masked."""
    return shown_value("", text)


def shown_value(key: str, text: str) -> str:
    """The same for the value of a key, which may say that it is a secret."""
    if is_secret_word(key, text):
        return MASK
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
