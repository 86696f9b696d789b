"""Acme Mail's message service entry point in Python, for computers that cannot run acme32.dll.

It does to a profile what ``ServiceEntry`` of src/acme.c does.
"""

import re
from typing import Any, NoReturn

MAPI_E_NO_SUPPORT = 0x80040102
MAPI_E_EXTENDED_ERROR = 0x80040119
MAPI_E_UNCONFIGURED = 0x8004011C

INSTALL, CREATE, CONFIGURE, DELETE, UNINSTALL, PROVIDER_CREATE, PROVIDER_DELETE = range(1, 8)

PR_DISPLAY_NAME = 0x3001001F

# What the service keeps in its section; acme.inf and src/acme.c speak of the same tags.
PR_ACME_SERVER = 0x6600001E
PR_ACME_PORT = 0x66010003
PR_ACME_USER = 0x6602001E
# What it keeps in the section ACME_Settings, for Acme's other programs.
PR_ACME_ACCOUNT_URL = 0x6612001E

COMPONENT = "ACME"
SERVER_IS_NO_HOST = 1001
PORT_IS_OUT_OF_RANGE = 1002
USER_IS_NO_NAME = 1003

HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]+([.-][A-Za-z0-9]+)*\Z")
USER = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def service_entry(call: Any) -> int | None:
    """The entry point: S_OK is None, anything else an HRESULT."""
    if call.context in {INSTALL, DELETE, UNINSTALL}:
        return None
    if call.context in {CREATE, CONFIGURE}:
        return configure(call)
    return MAPI_E_NO_SUPPORT


def configure(call: Any) -> int | None:
    """Take what was given, see whether the service can work with it, and name the providers after the account."""
    service = call.service
    for tag, value in call.properties.items():
        service[tag] = value
    server, user = service.get(PR_ACME_SERVER), service.get(PR_ACME_USER)
    port = service.get(PR_ACME_PORT, 0)
    if not server or not user:
        return MAPI_E_UNCONFIGURED
    if not HOST.match(server):
        refuse(call, f"The server '{server}' is not the name of a host.", SERVER_IS_NO_HOST)
    if not 1 <= port <= 65535:
        refuse(call, f"The port {port} is not between 1 and 65535.", PORT_IS_OUT_OF_RANGE)
    if not USER.match(user):
        refuse(call, f"The user '{user}' is not the name of an account.", USER_IS_NO_NAME)
    call.providers["ACME_AB"][PR_DISPLAY_NAME] = f"Acme Address Book ({server})"
    call.providers["ACME_Store"][PR_DISPLAY_NAME] = f"Acme Mailbox - {user}"
    call.providers["ACME_Transport"][PR_DISPLAY_NAME] = f"Acme Transport ({server})"
    call.extras["ACME_Settings"][PR_ACME_ACCOUNT_URL] = f"acme://{user}@{server}:{port}/"
    return None


def refuse(call: Any, text: str, code: int) -> NoReturn:
    """Say in the service's own words why it cannot be configured so: a MAPIERROR."""
    call.fail(MAPI_E_EXTENDED_ERROR, text, component=COMPONENT, low_level=code)
