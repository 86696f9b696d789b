"""The rules of packages: for every finding its stable id, how bad it is, the sentence that was broken, the remedy.

MW40.. are what is wrong with a manifest, MW41.. with the package around it, MW42.. how it fits a workstation, MW43..
what vouches for it, MW51.. what an uninstall leaves. docs/reference/findings-setup.md has the same table, and a test
compares them. An id is never given to another rule.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.mapi.inf.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

PACKAGE_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # The manifest.
        "MW4001": Rule(ERROR, "A manifest is TOML in UTF-8, of at most 1 MiB.", "Correct the line."),
        "MW4002": Rule(
            ERROR, "A manifest holds the keys of the package format and no others.", "Correct the spelling."
        ),
        "MW4003": Rule(
            ERROR, "A manifest has id, name, version and vendor, and an entry its required keys.", "Add it."
        ),
        "MW4004": Rule(
            ERROR,
            "A value has the type that its key asks for.",
            "Write text in quotes, a number and true or false without them, and a list as [first, second].",
        ),
        "MW4005": Rule(ERROR, "A name, version or ID can be used as such.", "Choose another one."),
        "MW4006": Rule(
            ERROR,
            "A path in a package is relative, stays in it, and consists of names that Windows takes.",
            "Write folder/name, without '..', drive, device name, or trailing period or blank.",
        ),
        "MW4007": Rule(
            ERROR,
            "A destination begins with one of the folder tokens and goes on with names that Windows takes.",
            "Write {system}/name.dll, or begin with {mapi}, {program_files}, {common_files} or {program_data}.",
        ),
        "MW4008": Rule(
            ERROR,
            r"A package's registry entries are below HKLM\Software or HKCU\Software, and not in profiles.",
            r"Write HKLM\Software\Vendor\Product.",
        ),
        "MW4009": Rule(
            ERROR,
            "A configuration property is a MAPI name or 8 hexadecimal digits, with a value of its type.",
            'Write 6600001F = "text", or PR_DISPLAY_NAME = "text".',
        ),
        "MW4010": Rule(
            ERROR,
            "A package holds no secrets: everybody can read it.",
            "Remove the property; the service asks the user for it.",
        ),
        "MW4011": Rule(
            ERROR,
            "A stand-in's entry is module:function, and its module is among the sources.",
            'Write entry = "acme_service:service_entry" and sources = ["acme_service.py"].',
        ),
        "MW4012": Rule(
            ERROR, "A place is written once; names that differ only in case are the same.", "Remove one entry."
        ),
        "MW4013": Rule(
            ERROR,
            "A migration maps a service's own property to another one of the same type.",
            'Write 66030003 = "66130003": the old tag, then the new one.',
        ),
        "MW4014": Rule(
            ERROR,
            "A companion names the destination of a file of the package that is no companion itself.",
            'Write companion = "{system}/acme32.dll": the destination of the file that it follows.',
        ),
        "MW4015": Rule(
            ERROR,
            "A page of a service has a title and fields, each with a name, a label and a tag of its type.",
            "Write it as the format page shows.",
        ),
        # The package.
        "MW4101": Rule(
            ERROR,
            "A package has a manifest, or one INF fragment: mapisvc.inf, or the only *.inf with [Services].",
            "Add mapiwright.toml, or leave one INF with a [Services] section in the directory.",
        ),
        "MW4102": Rule(
            ERROR, "A file that the manifest names is in the package.", "Add the file, or correct its path."
        ),
        "MW4103": Rule(
            ERROR,
            "A package's files are ordinary files inside it, and no two names differ only in case.",
            "Replace the link with the file that it points to; rename one of the two files.",
        ),
        "MW4104": Rule(
            ERROR,
            "Every file of PR_SERVICE_SUPPORT_FILES is in the package, as written or with 32 before the period.",
            "Add it beside the INF, or list it in [files] of the manifest.",
        ),
        "MW4105": Rule(ERROR, "The INF of a package defines at least one service.", "Add it to [Services]."),
        "MW4106": Rule(ERROR, "A service of the manifest is a service of the INF.", "Correct the name."),
        "MW4107": Rule(ERROR, "The INF of a package can be read.", "Correct the file, or state its code_page."),
        "MW4108": Rule(
            ERROR,
            "Nothing private is published: no private key, no hidden file or folder, no repository.",
            "Take it out of the manifest, and keep keys outside the package's directory.",
        ),
        "MW4109": Rule(
            ERROR,
            "A file of a package has at most 256 MiB, and all of them together at most 1 GiB.",
            "Take out what is no part of the service, or ship it in a setup of its own.",
        ),
        # The workstation.
        "MW4201": Rule(
            ERROR,
            "A message service is installed where there is an Outlook with MAPI.",
            "Run `mapiwright workstation show` to see what was looked for.",
        ),
        "MW4202": Rule(
            ERROR,
            "A DLL is made for the same kind of machine as the Outlook that loads it.",
            "Ship a DLL for this Outlook too: files.x64, files.x86 and files.arm64 in the manifest.",
        ),
        "MW4203": Rule(ERROR, "A DLL is a PE file.", "Replace the file; it is damaged, or something else."),
        "MW4204": Rule(
            ERROR,
            "A DLL exports the entry points that MAPI asks it for.",
            "Add the name to the EXPORTS of its .def file, or correct the INF.",
        ),
        "MW4205": Rule(
            ERROR,
            "An entry point is exported under its bare name: MAPI does not know x86 decorations.",
            "Link with a .def file that lists the bare name, or with --kill-at (mingw).",
        ),
        "MW4206": Rule(
            ERROR,
            "Every DLL that the INF names is installed by the package, or is on the workstation.",
            "Add it to the package for this Outlook: files.x64, files.x86 or files.arm64 in the manifest.",
        ),
        "MW4207": Rule(
            ERROR,
            "What the INF says can be written in the ANSI code page of the workstation.",
            "Use characters of that code page; names in ASCII fit everywhere.",
        ),
        "MW4208": Rule(
            WARNING,
            "PR_SERVICE_DELETE_FILES names files that the package installs.",
            "Nothing: uninstalling removes what was installed, and leaves that file alone.",
        ),
        "MW4209": Rule(
            ERROR,
            "A DLL that the INF names without its path is installed where MAPI finds it: in {system} or {mapi}.",
            "Leave out its destination, or write the full path in the INF.",
        ),
        "MW4210": Rule(
            WARNING,
            "The workstation's registry says that MAPI is installed: MAPIX is 1.",
            "Start Outlook once on that workstation, or repair it.",
        ),
        "MW4211": Rule(
            WARNING,
            "Every DLL that a DLL imports comes with the package or with Windows.",
            "Ship it in {system}, or link it into the DLL.",
        ),
        "MW4212": Rule(
            WARNING,
            "The compiler's run-time libraries are on the workstation before a DLL that imports them is loaded.",
            "Have its redistributable installed first, ship the library in {system}, or link it into the DLL.",
        ),
        "MW4213": Rule(
            ERROR,
            "A DLL that is shipped imports no debug run-time library: only developers have one.",
            "Build the release configuration: /MD or /MT, and not /MDd or /MTd.",
        ),
        "MW4214": Rule(
            NOTE,
            "A DLL has its vendor's signature.",
            "Sign it: companies may block files that are not signed.",
        ),
        "MW4215": Rule(
            NOTE,
            "A signature counts only when it is verified, and here it was only found.",
            "Install osslsigncode on this computer; or verify it on a Windows: signtool verify /pa FILE.",
        ),
        "MW4216": Rule(
            ERROR,
            "A file of another product is replaced only where both have a version, and the package's is higher.",
            "Uninstall the product that owns it, or replace it: --force.",
        ),
        "MW4217": Rule(
            WARNING,
            "A file of another product that is as new or newer stays: nothing is downgraded silently.",
            "Check that the service works with that file; or replace it: --force.",
        ),
        "MW4218": Rule(
            ERROR,
            "A newer file that this package brought earlier is replaced by an older one only if that is requested.",
            "Install the newer package, or go back: --force.",
        ),
        "MW4219": Rule(
            NOTE,
            "A file of another product that is replaced is reported; uninstalling restores it.",
            "Nothing.",
        ),
        "MW4220": Rule(
            ERROR,
            "A volume has room for what is written to it, and for what is needed to roll it back.",
            "Make room, then try again.",
        ),
        "MW4221": Rule(ERROR, "A volume that is written to is not mounted read-only.", "Mount it for writing."),
        "MW4222": Rule(
            ERROR,
            "The folders that are changed can be written to.",
            "Run it as the owner of that tree, or as an administrator.",
        ),
        "MW4223": Rule(
            ERROR,
            "A volume of a hibernated Windows is not written to: that Windows resumes where it stopped, and what was "
            "written meanwhile is lost or damaged.",
            "Start that Windows and shut it down in full: shutdown /s /t 0 (fast start-up hibernates).",
        ),
        "MW4224": Rule(
            ERROR,
            "A place that is written to is one that the workstation has.",
            "Name the whole Windows, image:DIR; a bare hive has no system folder and no registry of its machine.",
        ),
        "MW4225": Rule(
            NOTE,
            "The signature of a DLL holds, and its signer is trusted here.",
            "Nothing, if that is the vendor.",
        ),
        "MW4226": Rule(
            ERROR,
            "A signed DLL has the bytes that were signed.",
            "Get the package again from its vendor: the file was changed.",
        ),
        "MW4227": Rule(
            WARNING,
            "The certificates that this computer trusts vouch for the signer of a DLL; off Windows they are made for "
            "web sites, and an honest vendor may be missing.",
            "Verify it on a Windows: signtool verify /pa FILE. Or name the roots to trust: SSL_CERT_FILE=FILE.",
        ),
        # A public directory.
        "MW4301": Rule(
            ERROR,
            "A published file has the sum that SHA256SUMS gives it.",
            "Get the directory again from its publisher: the file was changed.",
        ),
        "MW4302": Rule(
            ERROR,
            "Every file that SHA256SUMS lists is there and can be read.",
            "Get the directory again from its publisher.",
        ),
        "MW4303": Rule(
            ERROR,
            "SHA256SUMS lists sums of files in its directory, one per line.",
            "Get the directory again from its publisher.",
        ),
        "MW4304": Rule(
            ERROR,
            "A signature is that of SHA256SUMS, by the key beside it.",
            "Get the directory again from its publisher: the sums were changed.",
        ),
        "MW4305": Rule(
            WARNING,
            "What is published is signed.",
            "Have it published with --sign; unsigned, its sums detect accidents, not forgery.",
        ),
        "MW4306": Rule(
            WARNING,
            "What is published is signed with a key that the administrator trusts.",
            "Ask the vendor for the fingerprint of the key; then --trust KEYFILE, or put it into the trusted keys.",
        ),
        "MW4307": Rule(
            WARNING,
            "A signature counts only when it is verified.",
            'Install the library: pip install "mapiwright[sign]"; then `mapiwright have-disk DIRECTORY`.',
        ),
        "MW4308": Rule(NOTE, "The signature holds, by a key that the administrator trusts.", "Nothing."),
        # What an uninstall leaves.
        "MW5101": Rule(
            WARNING,
            "only what still is as it was installed is removed",
            "Look at it, and remove it by hand if nobody needs it.",
        ),
        "MW5103": Rule(
            WARNING,
            "A shared file whose count is missing or unreadable stays: it is not known which products need it.",
            "Remove it by hand if nobody does.",
        ),
        "MW5104": Rule(NOTE, "A shared file is removed with the last product that uses it.", "Nothing."),
        "MW5105": Rule(
            NOTE,
            "A file that another service of MAPISVC.INF names is not deleted with this one.",
            "Nothing, if that service is in use; otherwise uninstall it, too.",
        ),
        "MW5106": Rule(
            NOTE,
            "PR_SERVICE_DELETE_FILES deletes what the package installed, and nothing else.",
            "Remove it by hand if nobody needs it.",
        ),
    }
)
"""Rules by id, in the order of the page."""


def finding(id_: str, where: str, what: str, *, remedy: str = "", line: int = 0) -> Finding:
    """The finding that ``what`` breaks the rule of that id. Characters that no stream can carry are escaped."""
    rule = PACKAGE_RULES[id_]
    shown = what.encode("utf-8", "backslashreplace").decode()
    return Finding(id_, rule.severity, where, shown, rule.text, remedy or rule.remedy, line)
