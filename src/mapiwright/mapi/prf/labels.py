"""The labels of Microsoft's own PRF files, with the mappings of their keys ([prf] 3 and 4).

A file brings its own mappings and those count: a key means what the file says. These are used where a section
is absent, give an export its names, and say which service a label usually means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.formats.prf import Slot
from mapiwright.formats.props import PropertyType
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Mapping

EXCHANGE, ANSI_PST, UNICODE_PST, LDAP, INTERNET_MAIL = "MSEMS", "MSPST MS", "MSUPST MS", "EMABLT", "IMAIL"
SEVERAL = frozenset({ANSI_PST, UNICODE_PST, LDAP, INTERNET_MAIL})
"""The services of which a profile may have more than one ([prf] 2.3)."""
STORES_OF_FILES = frozenset({ANSI_PST, UNICODE_PST})
ACCOUNT_TYPES = frozenset({"POP3", "IMAP"})

PATHS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        ANSI_PST: frozenset({0x6700}),
        UNICODE_PST: frozenset({0x6700}),
        "MSPST AB": frozenset({0x6600}),
        EXCHANGE: frozenset({0x660E, 0x6610}),
    }
)
"""The ids that hold a path, by service: the folder must be there."""

_TYPES = {
    "S": PropertyType.STRING8,
    "U": PropertyType.UNICODE,
    "L": PropertyType.LONG,
    "B": PropertyType.BOOLEAN,
}

_PST = """PathToPersonalFolders S6700, PathAndFilenameToPersonalFolders S6700, RememberPassword B6701,
    EncryptionType L6702, Password S6703"""
_EXCHANGE_CLIENT = """EmptyWastebasket B0115, SelectEntireWord B0118, CloseOriginalMessage B0132,
    AfterMoveMessage L013B, DefaultPriority L0140, GenReadReceipt B0141, SaveSentMail B0142, GenDeliveryReceipt B014C,
    DefaultSensitivity L014F"""
# The key is the label; then the ServiceName, or # and the SectionGUID; then the keys, each with type and id. Of
# several keys for one id the first is what an export writes.
_SERVICES: Mapping[str, tuple[str, str]] = {
    "Microsoft Exchange Server": (
        EXCHANGE,
        """MailboxName S6607, HomeServer S6608, OfflineAddressBookPath S660E, OfflineFolderPathAndFilename S6610,
        OfflineFolderPath S6610, ExchangeConfigFlags L6601, ConversionProhibited B3A03""",
    ),
    "Exchange Global Section": (
        "#13dbb0c8aa05101a9bb000aa002fc45a",
        """MailboxName S6607, HomeServer S6608, ConfigFlags L6601, RPCoverHTTPflags L6623, RPCProxyServer U6622,
        RPCProxyPrincipalName U6625, RPCProxyAuthScheme L6627, CachedExchangeConfigFlags L6629, AccountName U6620""",
    ),
    "Microsoft Outlook Client": (
        "#0a0d020000000000c000000000000046",
        """FormDirectoryPage S0270, WebServicesLocation S0271, ComposeWithWebServices B0272,
        PromptWhenUsingWebServices B0273, OpenWithWebServices B0274, CachedExchangeMode L041F,
        CachedExchangeSlowDetect B0420""",
    ),
    # The client of Exchange 4 and 5 kept its options where Outlook keeps them. Q148664 names the label; the keys are
    # in Microsoft's guide to deploying applications (MSDN, 2000), the ids in files that administrators made of it.
    "Microsoft Exchange Client": ("#0a0d020000000000c000000000000046", _EXCHANGE_CLIENT),
    "Unicode Personal Folders": (UNICODE_PST, f"Name U3001, {_PST}"),
    "Personal Folders": (ANSI_PST, f"Name S3001, {_PST}"),
    "Outlook Address Book": ("CONTAB", "Ben S6700"),
    "Personal Address Book": (
        "MSPST AB",
        """NameOfPAB S3001, PathAndFilenameToPersonalAddressBook S6600, PathToPersonalAddressBook S6600,
        ShowNamesBy L6601""",
    ),
    "LDAP Directory": (
        LDAP,
        """ServerName S6600, ConnectionPort S6601, UserName S6602, SearchBase S6603, SearchFilter S6604,
        MAPIAddressType S6605, EMailAttribute S6606, SearchTimeout S6607, MaxEntriesReturned S6608,
        LDAPTimeLimitLowBand S6609, LDAPSizeLimitLowBand S660A, LogFilePath S660B, ErrorLogging S660C,
        DisplayNameSource S6611, DisplayFailDialog S6612, UseSSL B6613, UseSPA B6615, DisableVLV L6616,
        EnableBrowsing B6622, DefaultSearch L6623, CheckNames S6624, DisplayName S3001""",
    ),
    "Microsoft LDAP Directory": (
        LDAP,
        """LDAPServer S6600, LDAPServerPort S6601, UserName S6602, SearchBase S6603, SearchFilter S6604,
        MAPIAddressType S6605, EMailAttribute S6606, LDAPTimeLimit S6607, LDAPSizeLimit S6608,
        LDAPTimeLimitLowBand S6609, LDAPSizeLimitLowBand S660A, LogFilePath S660B, ErrorLogging S660C,
        DisplayNameSource S6611, DisplayFailDialog S6612""",
    ),
    "Microsoft Mail": (
        "MSFS",
        """ServerPath S6600, Mailbox S6601, Password S67F0, ConnectionType L6603, UseSessionLog B6604,
        SessionLogPath S6605, RememberPassword B6606, EnableUpload B6620, EnableDownload B6621, UploadMask L6622,
        NetBiosNotification B6623, NewMailPollInterval S6624, DisplayGalOnly B6625, UseHeadersOnLAN B6630,
        UseLocalAdressBookOnLAN B6631, UseExternalToHelpDeliverOnLAN B6632, UseExternalToHelpDeliverOnRAS B6639,
        UseHeadersOnRAS B6640, UseLocalAdressBookOnRAS B6641, ConnectOnStartup B6642,
        DisconnectAfterRetrieveHeaders B6643, DisconnectAfterRetrieveMail B6644, DisconnectOnExit B6645,
        DefaultDialupConnectionName S6646, DialupRetryCount S6648, DialupRetryDelay S6649""",
    ),
    "Internet E-mail": (INTERNET_MAIL, "AccountName S661F, LongAccountName S3001"),
}
_ACCOUNT = """AccountName U0002, DisplayName U000B, EmailAddress U000C, ConnectionType L000F, ConnectionOID U0010,
    {0}Server U0100, {0}UserName U0101, ReplyEmailAddress U0103, {0}Port L0104, {0}UseSSL L0105, Organization U0107,
    {0}UseSPA L0108, SMTPServer U0200, SMTPPort L0201, SMTPUseSSL L0202, SMTPUseAuth L0203, SMTPUserName U0204,
    SMTPUseSPA L0207, SMTPAuthMethod L0208, ServerTimeOut L0209, SMTPSecureConnection L020A"""
_ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "I_Mail": ("POP3", _ACCOUNT.format("POP3") + ", LeaveOnServer L1000"),
    "IMAP_I_Mail": ("IMAP", _ACCOUNT.format("IMAP") + ", CheckNewImap L1100, RootFolder U1101"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What a label in a list means: a service, a profile section, or an account, and where its values go.

    ``section`` is the uid of a profile section, ``account`` POP3 or IMAP; of the three one is not empty, where the
    label is sound. ``slots`` are by key in upper case, ``keys`` as they are written. ``builtin``: the file has no
    such section.
    """

    name: str
    service: str = ""
    section: str = ""
    account: str = ""
    slots: Mapping[str, Slot] = field(default_factory=lambda: MappingProxyType({}))
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    builtin: bool = False

    def key_of(self, id_: int) -> tuple[str, Slot] | None:
        """The first key that goes to the property of that id, and its slot."""
        return next(((self.keys[key], slot) for key, slot in self.slots.items() if slot.id == id_), None)


@cache
def builtin_services() -> Mapping[str, Label]:
    """Microsoft's labels of services and sections, by their names in upper case."""
    labels = (
        _label(name, keys, service="" if target[0] == "#" else target, section=target.partition("#")[2])
        for name, (target, keys) in _SERVICES.items()
    )
    return MappingProxyType({upcase(label.name): label for label in labels})


@cache
def builtin_accounts() -> Mapping[str, Label]:
    """Microsoft's labels of accounts, by their names in upper case."""
    labels = (_label(name, keys, account=kind) for name, (kind, keys) in _ACCOUNTS.items())
    return MappingProxyType({upcase(label.name): label for label in labels})


def label_of_service(service: str) -> Label | None:
    """Microsoft's label of a service, or None where it has none."""
    return next((each for each in builtin_services().values() if upcase(each.service) == upcase(service)), None)


def _label(name: str, keys: str, *, service: str = "", section: str = "", account: str = "") -> Label:
    pairs = [each.split() for each in keys.replace("\n", " ").split(",")]
    slots = {upcase(key): Slot(_TYPES[slot[0]], int(slot[1:], 16)) for key, slot in pairs}
    written = MappingProxyType({upcase(key): key for key, _ in pairs})
    return Label(name, service, section, account, MappingProxyType(slots), written, builtin=True)
