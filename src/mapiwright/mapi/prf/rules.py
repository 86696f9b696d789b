"""The rules of PRF files: for every finding its stable id, how bad it is, the sentence that was broken, the remedy.

MW80.. are about a file, MW81.. about the Outlook and the workstation that it is for, MW82.. about what an export
left out. docs/reference/findings-prf.md has the same table, and a test compares them. An id is never given to
another rule.
An error is what keeps the file from being applied here as it is meant; what Outlook itself passes over is a warning.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.mapi.inf.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

PRF_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # The text.
        "MW8001": Rule(
            WARNING,
            "A line is a section header, a key with its value, a comment behind ';', or blank.",
            "Put ';' before it; Outlook ignores the line.",
        ),
        "MW8002": Rule(NOTE, "A comment begins with ';'.", "Replace the apostrophe."),
        "MW8003": Rule(
            WARNING,
            "A PRF file is in the ANSI code page of the machine, without a byte order mark.",
            "Save it in that code page: with a mark, Windows may miss the first section or read other characters.",
        ),
        "MW8004": Rule(
            NOTE,
            "Characters beyond ASCII are read in the ANSI code page of the machine that imports the file.",
            "Nothing, where all machines have the code page of the file.",
        ),
        "MW8005": Rule(
            ERROR,
            "Every byte is text in the ANSI code page.",
            "Name the code page in which the file was written (--code-page), or correct the bytes.",
        ),
        "MW8006": Rule(
            WARNING,
            "A section name is used once: Windows reads the first section of that name only.",
            "Move the lines into the first section and remove the other.",
        ),
        "MW8007": Rule(
            WARNING,
            "A key occurs once in a section: Windows reads the first one only.",
            "Remove the wrong line.",
        ),
        "MW8008": Rule(WARNING, "A key is in a section.", "Put the line below the header of its section."),
        "MW8009": Rule(
            NOTE,
            "A value is not in quotation marks: Windows removes a pair of them.",
            "Remove the quotation marks; a path with blanks needs none.",
        ),
        # [General].
        "MW8010": Rule(
            WARNING,
            "[General] says Custom=1, otherwise Outlook since 2000 does not accept the file.",
            "Add Custom=1.",
        ),
        "MW8011": Rule(ERROR, "A PRF file has a section [General].", "Add it, with the name of the profile."),
        "MW8012": Rule(
            ERROR,
            'ProfileName is the name of a profile: 1 to 64 characters without \\ / : * ? " < > and outer spaces.',
            "Write such a name; or say ModifyDefaultProfileIfPresent=TRUE, which needs none.",
        ),
        "MW8013": Rule(
            WARNING, "A key of [General] is one that Outlook knows.", "Correct its spelling, or remove the line."
        ),
        "MW8014": Rule(
            ERROR,
            "A switch says Yes, No, TRUE, FALSE, 1 or 0, and OverwriteProfile also Append.",
            "Write one of them.",
        ),
        "MW8015": Rule(
            WARNING,
            "DefaultStore names a service of [Service List]: otherwise the default store stays what it is.",
            "Write the key there, such as Service1, or remove the line.",
        ),
        "MW8016": Rule(
            ERROR, "DefaultStore names a service with a store that can be the default one.", "Name another service."
        ),
        "MW8017": Rule(
            WARNING,
            "OverwriteProfile=Yes goes with DefaultProfile=Yes: otherwise the results are unexpected.",
            "Say DefaultProfile=Yes, or OverwriteProfile=Append.",
        ),
        "MW8018": Rule(
            WARNING,
            "OverwriteProfile=Append goes with BackupProfile=No: otherwise Outlook may copy the profile each time.",
            "Add BackupProfile=No.",
        ),
        "MW8019": Rule(
            WARNING,
            "ModifyDefaultProfileIfPresent=TRUE changes a profile, and OverwriteProfile=Yes replaces one.",
            "Say OverwriteProfile=Append; a default profile of another name is changed, not replaced.",
        ),
        # The lists, and what they name.
        "MW8020": Rule(
            ERROR,
            "A label in a list has its section, with the mapping of its values.",
            "Add the section, or correct the label; Outlook adds no such service or account.",
        ),
        "MW8021": Rule(
            WARNING,
            "A file contains the mapping of every label that it lists.",
            "Add the section; Microsoft's own mapping of that label was used.",
        ),
        "MW8022": Rule(
            ERROR,
            "The mapping of a service says ServiceName, or SectionGUID with 32 hexadecimal digits.",
            "Add the line; Outlook adds no such service.",
        ),
        "MW8023": Rule(
            NOTE,
            "What a list names has a section with its values, if only an empty one.",
            "Add the section, where there is something to set.",
        ),
        "MW8024": Rule(
            WARNING, "A section with values is named in a list.", "Add it to the list; Outlook ignores it."
        ),
        "MW8025": Rule(
            WARNING,
            "A key in [Service List] begins with Service, one in [Internet Account List] with Account.",
            "Correct the key.",
        ),
        "MW8026": Rule(
            ERROR,
            "A number occurs once in a list: Outlook reads the first one only, and never adds the other.",
            "Give the second one a number of its own, in the list and in the header of its section.",
        ),
        "MW8027": Rule(
            WARNING,
            "The mapping of an account says AccountType=POP3 or AccountType=IMAP.",
            "Add the line.",
        ),
        "MW8028": Rule(
            WARNING,
            "A service is listed once where a profile may have it once.",
            "Remove one of them, or say UniqueService=No for a service of which there may be several.",
        ),
        "MW8029": Rule(
            WARNING,
            "A service of which a profile may have several says UniqueService.",
            "Say UniqueService=No to add one, UniqueService=Yes to use the one that is there.",
        ),
        # Values and their mapping.
        "MW8030": Rule(
            WARNING,
            "A value of a service has a mapping of its key: otherwise Outlook writes it nowhere, and says nothing.",
            "Add a line KEY=PT_...,0x.... to the section of the label, or correct the key.",
        ),
        "MW8031": Rule(
            WARNING,
            "A value of an account has a mapping of its key: otherwise Outlook writes it nowhere, and says nothing.",
            "Add a line KEY=PT_...,0x.... to the section of the label, or correct the key.",
        ),
        "MW8032": Rule(
            WARNING,
            "A key is mapped once: of two mappings with different ids the first one counts.",
            "Remove the wrong one.",
        ),
        "MW8033": Rule(ERROR, "A value fits the type of its mapping.", "Correct the value."),
        "MW8034": Rule(
            WARNING,
            "A mapping is PT_STRING8, PT_UNICODE, PT_LONG, PT_DWORD or PT_BOOLEAN, a comma, and 0x with 4 digits.",
            "Correct the line; there is no type for bytes.",
        ),
        "MW8035": Rule(
            WARNING, "An id of 8 digits holds the type that the mapping names.", "Write the 4 digits of the id alone."
        ),
        "MW8036": Rule(
            ERROR,
            "A value is written to a property that a profile section can hold, and that is not MAPI's own.",
            "Correct the id in the mapping.",
        ),
        "MW8037": Rule(
            WARNING,
            "A label of Microsoft's belongs to the service of that name.",
            "Correct ServiceName; with the wrong one the data file has the other format.",
        ),
        "MW8038": Rule(
            WARNING,
            "The EncryptionType of a data file is 0x80000000, 0x40000000 or 0x20000000; of a Unicode one 0x50000000 "
            "(or 0x10000000, as Outlook keeps it).",
            "Write 0x50000000 for Unicode Personal Folders; Microsoft's wizard writes a wrong number.",
        ),
        "MW8039": Rule(
            WARNING,
            "A template's placeholder is filled in.",
            "Write the value, or nothing behind the equals sign.",
        ),
        # Paths, variables, secrets.
        "MW8040": Rule(
            WARNING,
            "A path begins with a drive or a server.",
            r"Write the whole path, such as C:\Mail\anna.pst.",
        ),
        "MW8041": Rule(
            WARNING,
            "A %variable% is a known one, in a value of PT_STRING8: no other is expanded.",
            "Correct its name, or write the value.",
        ),
        "MW8042": Rule(
            WARNING,
            "The folder of a path exists: nothing creates it, and Outlook may fail without a message.",
            "Create the folder first.",
        ),
        "MW8043": Rule(
            WARNING,
            "A PRF file holds no password: everybody can read it, and Outlook imports none for an account.",
            "Remove the value; it is not applied, and Outlook asks the user for it.",
        ),
        "MW8044": Rule(
            NOTE,
            "A number in a list names a label: an empty one, as some generators write it, adds nothing.",
            "Nothing; or remove the line.",
        ),
        "MW8045": Rule(
            WARNING,
            "Characters beyond ASCII are in the ANSI code page of the machine, not in UTF-8 without a mark.",
            "Save the file in that code page (ANSI in Windows' Notepad), otherwise users see wrong characters.",
        ),
        # Which Outlook.
        "MW8101": Rule(
            WARNING,
            "Outlook 2016 and later makes no Exchange account from a PRF file.",
            "Leave it to Autodiscover (ZeroConfigExchange).",
        ),
        "MW8102": Rule(
            WARNING,
            "Only Outlook 97 to 2000 knows accounts with ids from 0x1235, and the service IMAIL.",
            "Write the account as Outlook 2002 and later has it: AccountName=PT_UNICODE,0x0002 and so on.",
        ),
        "MW8103": Rule(
            WARNING,
            "An account of Outlook 97 to 2000 has its service IMAIL, with the same AccountName, and "
            'LongAccountName "Internet E-mail - " and that name.',
            "Add the service, or correct the names.",
        ),
        "MW8104": Rule(
            WARNING,
            "In Outlook 2016 and later DefaultStore leaves a POP account without a place for its mail.",
            "Leave out DefaultStore and the data file; Outlook makes one and uses it.",
        ),
        "MW8105": Rule(
            WARNING,
            "Outlook before 2007 drops all later services, silently, where one of them makes it ask or fail.",
            "Complete that service, or put it last.",
        ),
        "MW8106": Rule(
            WARNING,
            "A service of Exchange says HomeServer and MailboxName: without them it is left out again.",
            "Add them to its section.",
        ),
        # The workstation.
        "MW8110": Rule(
            ERROR,
            "A service is listed in MAPISVC.INF of the workstation: otherwise it cannot be added.",
            "Install it first; `mapiwright service list` shows what there is.",
        ),
        "MW8111": Rule(
            WARNING,
            "Accounts for POP3 and IMAP are made by Outlook itself, through no call of MAPI.",
            "Have Outlook import the file too: outlook.exe /importprf FILE.",
        ),
        "MW8112": Rule(
            ERROR,
            "The profiles and the services of the workstation take what the file says.",
            "Correct the file, or the profile, as the finding says.",
        ),
        # What an export leaves out.
        "MW8201": Rule(
            WARNING,
            "A secure property or a password is not exported.",
            "The user enters it again.",
        ),
        "MW8202": Rule(
            WARNING,
            "A PRF file carries text, numbers of 32 bits and booleans, one line each.",
            "Set the property by hand after the file was applied, or copy the profile instead.",
        ),
        "MW8203": Rule(
            WARNING,
            "A PRF file sets properties of a service, not of one of its providers or sections.",
            "Set the property by hand after the file was applied, or copy the profile instead.",
        ),
        "MW8204": Rule(
            WARNING,
            "Accounts of Outlook's account manager are not exported.",
            "Add them to the file, or in Outlook.",
        ),
        "MW8205": Rule(
            NOTE,
            "A PRF file carries sections of services, and those of Outlook and Exchange that Microsoft's files name.",
            "Nothing, where Outlook makes the others itself; or copy the profile instead.",
        ),
        "MW8206": Rule(
            WARNING,
            "A PRF file names the service of the default store, and gives no other role of a profile.",
            "Choose it again where the file was applied, as by profile default-store, identity, addressing.",
        ),
    }
)
"""Rules by id, in the order of the page."""


def finding(id_: str, what: str, *, line: int = 0, where: str = "") -> Finding:
    """The finding that ``what`` breaks the rule of that id. Characters that no stream can carry are escaped."""
    rule = PRF_RULES[id_]
    shown = what.encode("utf-8", "backslashreplace").decode()
    return Finding(id_, rule.severity, where, shown, rule.text, rule.remedy, line)
