"""The names of property tags: data only (mapi.md section 8, [profile-in-the-registry], H:MAPITags.h, H:EdkMdb.h)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Mapping[str, int] = MappingProxyType(
    {
        "PR_INSTANCE_KEY": 0x0FF60102,
        "PR_RECORD_KEY": 0x0FF90102,
        "PR_OBJECT_TYPE": 0x0FFE0003,
        "PR_ENTRYID": 0x0FFF0102,
        "PR_DISPLAY_NAME": 0x3001001F,
        "PR_COMMENT": 0x3004001F,
        "PR_PROVIDER_DISPLAY": 0x3006001F,
        "PR_RESOURCE_FLAGS": 0x30090003,
        "PR_PROVIDER_DLL_NAME": 0x300A001F,
        "PR_SEARCH_KEY": 0x300B0102,
        "PR_PROVIDER_UID": 0x300C0102,
        "PR_PROVIDER_ORDINAL": 0x300D0003,
        "PR_DEFAULT_STORE": 0x3400000B,
        "PR_MDB_PROVIDER": 0x34140102,
        "PR_PROVIDER_ICON": 0x3417001F,
        "PR_PROVIDER_DISPLAY_NAME": 0x3418001F,
        "PR_AB_PROVIDER_ID": 0x36150102,
        "PR_STORE_PROVIDERS": 0x3D000102,
        "PR_AB_PROVIDERS": 0x3D010102,
        "PR_TRANSPORT_PROVIDERS": 0x3D020102,
        "PR_DEFAULT_PROFILE": 0x3D04000B,
        "PR_AB_SEARCH_PATH": 0x3D051102,
        "PR_AB_DEFAULT_DIR": 0x3D060102,
        "PR_AB_DEFAULT_PAB": 0x3D070102,
        "PR_FILTERING_HOOKS": 0x3D080102,
        "PR_SERVICE_NAME": 0x3D09001F,
        "PR_SERVICE_DLL_NAME": 0x3D0A001F,
        "PR_SERVICE_ENTRY_NAME": 0x3D0B001F,
        "PR_SERVICE_UID": 0x3D0C0102,
        "PR_SERVICE_EXTRA_UIDS": 0x3D0D0102,
        "PR_SERVICES": 0x3D0E0102,
        "PR_SERVICE_SUPPORT_FILES": 0x3D0F101E,
        "PR_SERVICE_DELETE_FILES": 0x3D10101E,
        "PR_AB_SEARCH_PATH_UPDATE": 0x3D110102,
        "PR_PROFILE_NAME": 0x3D12001F,
        "PR_SERVICE_INSTALL_ID": 0x3D13001F,
        "PR_EMSMDB_SECTION_UID": 0x3D150102,
        "PR_EMSMDB_LEGACY": 0x3D18000B,
        "PR_EMSABP_USER_UID": 0x3D1A0102,
        "PR_IDENTITY_DISPLAY": 0x3E00001F,
        "PR_IDENTITY_ENTRYID": 0x3E010102,
        "PR_RESOURCE_METHODS": 0x3E020003,
        "PR_RESOURCE_TYPE": 0x3E030003,
        "PR_STATUS_CODE": 0x3E040003,
        "PR_IDENTITY_SEARCH_KEY": 0x3E050102,
        "PR_OWN_STORE_ENTRYID": 0x3E060102,
        "PR_RESOURCE_PATH": 0x3E07001F,
        "PR_AUTOCFG_USER_PASSWORD": 0x67FC001F,
        "PR_AUTOCFG_USER_EMAIL": 0x67FD001F,
        "PR_AUTOCFG_USER_NAME": 0x67FE001F,
    }
)
"""What every section means by a tag, in the width that profiles store."""

PRIVATE_NAMES: Mapping[tuple[str, ...], Mapping[str, int]] = MappingProxyType(
    {
        ("MSEMS",): MappingProxyType(
            {
                "PR_PROFILE_VERSION": 0x66000003,
                "PR_PROFILE_CONFIG_FLAGS": 0x66010003,
                "PR_PROFILE_HOME_SERVER": 0x6602001E,
                "PR_PROFILE_USER": 0x6603001E,
                "PR_PROFILE_CONNECT_FLAGS": 0x66040003,
                "PR_PROFILE_TRANSPORT_FLAGS": 0x66050003,
                "PR_PROFILE_UI_STATE": 0x66060003,
                "PR_PROFILE_UNRESOLVED_NAME": 0x6607001E,
                "PR_PROFILE_UNRESOLVED_SERVER": 0x6608001E,
                "PR_PROFILE_OPEN_FLAGS": 0x66090003,
                "PR_PROFILE_TYPE": 0x660A0003,
                "PR_PROFILE_MAILBOX": 0x660B001E,
                "PR_PROFILE_SERVER": 0x660C001E,
                "PR_PROFILE_OFFLINE_STORE_PATH": 0x6610001E,
                "PR_PROFILE_HOME_SERVER_DN": 0x6612001E,
                "PR_PROFILE_HOME_SERVER_ADDRS": 0x6613101E,
                "PR_PROFILE_SERVER_DN": 0x6614001E,
                "PR_ROH_PROXY_SERVER": 0x6622001F,
                "PR_ROH_FLAGS": 0x66230003,
                "PR_ROH_PROXY_PRINCIPAL_NAME": 0x6625001F,
                "PR_ROH_PROXY_AUTH_SCHEME": 0x66270003,
                "PR_PROFILE_HOME_SERVER_FQDN": 0x662A001F,
                "PR_PROFILE_USER_SMTP_EMAIL_ADDRESS": 0x6641001F,
                "PR_PROFILE_SECURE_MAILBOX": 0x67F00102,
            }
        ),
        ("MSPST MS", "MSPST AB", "MSUPST MS"): MappingProxyType(
            {"PR_PST_PATH": 0x6700001F, "PR_PST_ENCRYPTION": 0x67020003, "PR_PST_CONFIG_FLAGS": 0x67700003}
        ),
        ("CONTAB",): MappingProxyType(
            {
                "PR_CONTAB_UID": 0x66010102,
                "PR_CONTAB_FOLDER_ENTRYIDS": 0x66201102,
                "PR_CONTAB_STORE_SUPPORT_MASKS": 0x66211003,
                "PR_CONTAB_STORE_NAMES": 0x6622101E,
                "PR_CONTAB_FOLDER_NAMES": 0x6623101E,
                "PR_CONTAB_DISPLAY_NAMES": 0x6624101E,
                "PR_CONTAB_MULTI_ADDR_FLAGS": 0x66251003,
                "PR_CONTAB_STORE_ENTRYIDS": 0x66261102,
            }
        ),
        # Of the wizard's property object, never of a section ([pidtagwizardnopstpage-canonical-property]).
        (): MappingProxyType({"PR_WIZARD_NO_PST_PAGE": 0x6700000B, "PR_WIZARD_NO_PAB_PAGE": 0x6701000B}),
    }
)
"""What the sections of these services mean by the ids 0x6600 to 0x67FF, which are each provider's own."""
