"""Where a service's own pages come from: its manifest, through its record on the workstation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.service.record import RECORD, folder_of, read_record
from mapiwright.entry.wizard import WizardSupport, generic_page, wizard_entry
from mapiwright.errors import FindingsError, FormatError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.setup.package.package import open_package
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.files import join

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def record_bytes(desk: Any) -> bytes:
    path = join(folder_of(desk.workstation, "ACME"), RECORD)
    return desk.workstation.files.read(path) or b""


def test_the_pages_of_a_package_come_back_from_the_record_of_its_service(desk: Any, acme: Path) -> None:
    package = open_package(acme)
    desk.install(acme, "Zoë")
    record = read_record(desk.workstation, "ACME")
    assert record is not None
    assert record.form == package.forms["ACME"]
    assert record.form is not None
    assert [field.name for page in record.form.pages for field in page.fields] == ["server", "port", "user"]
    assert record.form.pages[0].title.in_("fr") == "Votre compte Acme"
    assert record.form.pages[0].title.in_("tlh") == "Your Acme account"
    entry = wizard_entry(desk.workstation, package.services[0])
    assert entry.support is WizardSupport.FORM
    assert entry.pages(None, {0x66010003: 1}).properties == {0x66010003: 1, 0x6700000B: True, 0x6701000B: True}


def test_who_knows_no_forms_still_reads_the_record(desk: Any, acme: Path) -> None:
    """The number of its schema stays: its new keys are such that an older Mapiwright does not ask for them."""
    desk.install(acme, "Zoë")
    document = json.loads(record_bytes(desk))
    assert document["schema"] == 1
    assert document["stand_in"] == {
        "entry": "acme_service:service_entry",
        "deadline": 20.0,
        "files": ["acme_service.py"],
    }
    assert set(document) - {"form"} == {"schema", "service", "package", "version", "stand_in"}


@pytest.mark.parametrize("form", [7, {"pages": [{}]}, {}])
def test_a_damaged_form_is_a_damaged_record(desk: Any, acme: Path, form: Any) -> None:
    desk.install(acme, "Zoë")
    path = join(folder_of(desk.workstation, "ACME"), RECORD)
    old = record_bytes(desk)
    new = json.dumps({**json.loads(old), "form": form}).encode()
    desk.workstation.files.apply([WriteFile(path, old, new)])
    with pytest.raises(FormatError, match="damaged"):
        read_record(desk.workstation, "ACME")


@pytest.mark.parametrize(
    ("old", "new", "id_", "what"),
    [
        (
            "min = 1\n",
            "mn = 1\n",
            "MW4015",
            "services.ACME.pages[1].fields[2].mn: it is not known; did you mean min?",
        ),
        ('tag = "66010003"', 'tag = "66010102"', "MW4015", "services.ACME.pages[1].fields[2].tag"),
        (
            "deadline = 20\n",
            'deadline = 20\nwizard = "acme_service:wizard_entry"\n',
            "MW4015",
            "the service has pages, too",
        ),
        ("deadline = 20\n", 'deadline = 20\nwizard = "acme_service"\n', "MW4011", "services.ACME.wizard"),
        (
            'entry = "acme_service:service_entry"',
            'wizard = "acme_service:wizard_entry"',
            "MW4011",
            "there is no entry",
        ),
        ("no_pst_page = true", "no_pst_page = 1", "MW4004", "services.ACME.no_pst_page"),
    ],
)
def test_what_is_wrong_with_the_pages_of_a_manifest(
    release: Callable[..., Path], old: str, new: str, id_: str, what: str
) -> None:
    with pytest.raises(FindingsError) as caught:
        open_package(release("5.0", {"mapiwright.toml": {old: new}}))
    assert any(finding.id == id_ and what in finding.what for finding in caught.value.findings), caught.value.findings


def test_a_page_cannot_be_suppressed_without_pages(acme: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(acme, tmp_path / "acme")
    manifest = folder / "mapiwright.toml"
    text = manifest.read_text(encoding="utf-8").partition("# What the Profile Wizard asks")[0]
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError) as caught:
        open_package(folder)
    assert {finding.id for finding in caught.value.findings} == {"MW4015"}
    assert len(caught.value.findings) == 2


def test_a_native_service_without_an_entry_point_is_asked_nothing() -> None:
    """Nothing could be told to it: ConfigureMsgService is MAPI_E_NOT_INITIALIZED there."""
    lines = "[Services]\nBOX=Box\n[BOX]\nWIZARD_ENTRY_NAME=W\nPR_DISPLAY_NAME=Box\n66000003=FFFFFFFF\nProviders=P\n"
    lines += "[P]\n{}"
    with_entry = lines.replace("[BOX]\n", "[BOX]\nPR_SERVICE_DLL_NAME=box.dll\nPR_SERVICE_ENTRY_NAME=E\n")
    provider = "PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\nPR_PROVIDER_DLL_NAME=box.dll\nPR_DISPLAY_NAME=P\n"
    pages = [
        generic_page(Catalogue.of(inf.parse(each.format(provider).encode(), "cp1252")).definition("BOX"))
        for each in (lines, with_entry)
    ]
    assert pages[0].fields == ()
    (field,) = pages[1].fields
    assert (field.tag, field.default, field.required) == (0x66000003, -1, False)
    assert field.fault_of(field.first) is None
