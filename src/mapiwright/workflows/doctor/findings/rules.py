"""The rules of the doctor: for every finding its stable id, how bad it is, the sentence that was broken, the remedy.

MW60.. are about Outlook and MAPI, MW61.. about MAPISVC.INF and the DLLs that it names, MW62.. about profiles, MW63..
about policies, MW64.. about what Mapiwright itself did. docs/reference/findings-doctor.md has the same table, and a
test compares them. An id is never given to another rule.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, Severity
from mapiwright.formats.command_line import quoted
from mapiwright.mapi.inf.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.workstation.workstation import User, Workstation

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

DOCTOR_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # Outlook and MAPI.
        "MW6001": Rule(
            ERROR,
            "A workstation that runs MAPI services has an Outlook.",
            "Install Outlook, or name the workstation that has it; for a bare hive add --edition.",
        ),
        "MW6002": Rule(
            WARNING,
            "The registry says that MAPI is installed: MAPIX is 1.",
            "Start Outlook once on that workstation, or repair Office.",
        ),
        "MW6003": Rule(
            WARNING,
            "Outlook is the default mail client, so that programs find its MAPI and its MAPISVC.INF.",
            "Make Outlook the default mail program, in Windows' settings.",
        ),
        "MW6004": Rule(
            NOTE,
            "Outlook's own DLLs are beside OUTLOOK.EXE.",
            "Nothing on a trial workstation; else mount the drive that holds Office, or repair Office.",
        ),
        # MAPISVC.INF and the DLLs that it names.
        "MW6101": Rule(
            NOTE,
            "MAPISVC.INF lists the message services; Outlook since 2007 may ship without one.",
            "Nothing, unless a vendor's service should be there: then install its package again.",
        ),
        "MW6102": Rule(
            ERROR,
            "MAPISVC.INF can be read.",
            "Restore the file from a backup, or repair Office and install the vendors' packages again.",
        ),
        "MW6103": Rule(
            NOTE,
            "MAPISVC.INF is as its documentation says.",
            "See the lines: mapiwright inf check FILE.",
        ),
        "MW6104": Rule(
            ERROR,
            "The DLL of every service and provider is where MAPI looks for it.",
            "Install the vendor's package again.",
        ),
        "MW6105": Rule(
            ERROR,
            "A DLL is made for the same kind of machine as the Outlook that loads it.",
            "Install the vendor's package for this Outlook.",
        ),
        "MW6106": Rule(ERROR, "A DLL is a PE file.", "Replace the file; it is damaged. Install the package again."),
        "MW6107": Rule(
            ERROR,
            "A DLL exports, by its bare name, what MAPI asks it for.",
            "Install the vendor's newest package; if it is the same, report it to the vendor.",
        ),
        "MW6108": Rule(
            WARNING,
            "A service is in the MAPISVC.INF that this Outlook reads.",
            "Install the vendor's package again, so that it finds the right file.",
        ),
        "MW6109": Rule(
            NOTE,
            "A DLL is on a drive of the workstation.",
            "Check on that computer whether it is there; a network may be away when Outlook starts.",
        ),
        "MW6110": Rule(
            WARNING,
            "MAPISVC.INF of Outlook 2003, which comes with one, lists Outlook's own services, such as CONTAB.",
            "Repair Office, and then put back what was installed: mapiwright guard ID.",
        ),
        "MW6111": Rule(
            ERROR,
            "A signed DLL has the bytes that were signed.",
            "Find out what has changed the file, and install the vendor's package again.",
        ),
        "MW6112": Rule(
            NOTE,
            "MAPISVC.INF lists Outlook's own services too; Outlook since 2007 may do without, and without the file.",
            "Nothing, if Outlook works; else repair Office, then put back what was installed: mapiwright guard ID.",
        ),
        # Profiles.
        "MW6201": Rule(
            ERROR,
            "A DLL that a profile names is registered in MAPISVC.INF: MAPI loads no other (KB 4498413).",
            "Install the vendor's package again, or remove the service from the profile.",
        ),
        "MW6202": Rule(
            ERROR,
            "A profile holds no service whose DLL is gone: it was uninstalled, and Outlook still looks for it.",
            "Remove the service from the profile.",
        ),
        "MW6203": Rule(
            WARNING,
            "A service of a profile is a service of MAPISVC.INF.",
            "Install the vendor's package again, or remove the service from the profile.",
        ),
        "MW6204": Rule(
            ERROR,
            "The default profile is a profile that is there.",
            "Name another one as the default profile.",
        ),
        "MW6205": Rule(
            WARNING,
            "A user with profiles has a default profile.",
            "Name one of them as the default profile.",
        ),
        # Policies.
        "MW6301": Rule(
            NOTE,
            "A profile that Outlook makes by itself is not made by setup.",
            "Start Outlook once as that user, and then add the service to the profile that it made.",
        ),
        "MW6302": Rule(
            NOTE,
            "A waiting PRF file is imported at the next start of Outlook.",
            "Start Outlook once as that user before anything else changes the user's profiles.",
        ),
        "MW6303": Rule(
            NOTE,
            "Users may add accounts and services.",
            "Add the service with Mapiwright, or ask the administrator who set the policy.",
        ),
        "MW6304": Rule(
            WARNING,
            "MAPI loads no DLL that is not registered in MAPISVC.INF.",
            "Register the vendors' DLLs in MAPISVC.INF, and remove the value.",
        ),
        "MW6305": Rule(
            NOTE,
            "Outlook starts with the default profile.",
            "Choose 'Always use this profile' in the mail control panel.",
        ),
        # What Mapiwright did.
        "MW6401": Rule(
            ERROR,
            "Every transaction was finished or rolled back.",
            "Recover it: mapiwright recover.",
        ),
        "MW6402": Rule(
            NOTE,
            "Every entry point got the calls that it is due.",
            "Send them where the service's code can run: mapiwright service call NAME --pending",
        ),
        "MW6403": Rule(
            ERROR,
            "What a package installed is as it was installed.",
            "Restore it: mapiwright repair ID.",
        ),
        "MW6404": Rule(
            ERROR,
            "The lines of an installed package are in MAPISVC.INF; an update or repair of Office may replace it.",
            "Restore them: mapiwright guard ID.",
        ),
        "MW6405": Rule(
            ERROR,
            "The receipts, and the backups that they name, can be read.",
            "Keep them as they are, and report it: what was installed can be neither listed nor undone.",
        ),
        "MW6406": Rule(
            ERROR,
            "An installed package can be restored from what is kept of it.",
            "Install the package again.",
        ),
        "MW6407": Rule(
            WARNING,
            "An uninstall removes a package from every user.",
            "Uninstall it again when the users' hives can be written.",
        ),
        "MW6408": Rule(
            NOTE,
            "A package's services are in the profiles of its users.",
            "Start Outlook once as that user; then the per-user part of the install adds the service.",
        ),
        "MW6409": Rule(
            WARNING,
            "A user who asks what is installed can read Mapiwright's records on the workstation.",
            "To see what is installed, run it as the owner of that folder, or elevated.",
        ),
        "MW6410": Rule(
            ERROR,
            "Mapiwright's records are those of an administrator, and nobody else may write them.",
            "Find out who made them, and move the folder away.",
        ),
        "MW6411": Rule(
            WARNING,
            "A user's own records are files as Mapiwright writes them; what is not is ignored.",
            "Move it away, as that user or elevated; the other users are not concerned.",
        ),
        "MW6412": Rule(
            ERROR,
            "The record of a service is as Mapiwright wrote it, and a receipt says so.",
            "Find out who changed it, and install the package of the service again.",
        ),
        "MW6415": Rule(
            WARNING,
            "What an interrupted run left behind is put right.",
            "Repair or reinstall the package, or put the things back by hand; then: mapiwright recover --forget ID.",
        ),
    }
)
"""Rules by id, in the order of the page."""


def finding(id_: str, where: str, what: str, *, remedy: str = "", line: int = 0) -> Finding:
    """The finding that ``what`` breaks the rule of that id."""
    rule = DOCTOR_RULES[id_]
    return Finding(id_, rule.severity, where, what, rule.text, remedy or rule.remedy, line)


def command(workstation: Workstation, *words: str, user: User | None = None) -> str:
    """A command line for that workstation, and user, as a shell takes it."""
    target = ["--workstation", workstation.uri]
    person = ["--user", user.name] if user is not None else []
    return " ".join(quoted(word) for word in ("mapiwright", *words, *person, *target))
