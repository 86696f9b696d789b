"""What a person reads who installs, uninstalls or takes back, in French; what programs read stays English."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mapiwright as product
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.call import EntryCall
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.contract import Context
from mapiwright.message import Message
from mapiwright.setup.install.repair import plan_guard, plan_repair
from mapiwright.setup.records.pending import pending_calls
from mapiwright.setup.records.schema import Scope
from mapiwright.transaction.records.journal import Journal
from mapiwright.transaction.records.receipt import receipts
from mapiwright.transaction.undo import undo_plan
from mapiwright.ui.text.language import language_here, texts_here, texts_in
from mapiwright.workflows.wizard.answers import Unattended, read_answers
from mapiwright.workflows.wizard.run import WizardRun
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.transaction.plans.plan import Plan

    Mapiwright = Callable[..., Any]

NBSP = "\u00a0"
SETUP = (
    "setup.",
    "disk.",
    "plan.",
    "receipt.",
    "joint.",
    "steps.",
    "actions.",
    "sentences.",
    "startup.",
    "addressing.",
)


@pytest.fixture
def in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the command has a French locale."""
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")


@pytest.mark.usefixtures("in_french")
class TestAPersonReads:
    def test_what_an_install_will_do_and_what_it_did(self, mapiwright: Mapiwright, acme: Path) -> None:
        told = mapiwright("install", acme, "--yes")
        assert told.code == 0
        assert told.err.startswith(f"Cible{NBSP}: image:")
        assert told.out.splitlines()[:3] == [
            "installer Acme Mail for Outlook 4.2.1",
            f" 1. fichiers{NBSP}: 9 modifications",
            "    + C:\\Program Files\\Acme Mail\\ (1 modification dedans)",
        ]
        assert "En tout" + NBSP + ": 5 fichiers, 57 valeurs du registre, 3 appels." in told.out
        assert f"Fait{NBSP}: appeler ACME avec MSG_SERVICE_INSTALL{NBSP}: il a répondu S_OK" in told.out
        *_, done, receipt = told.out.splitlines()
        assert done == f"Terminé{NBSP}: installer Acme Mail for Outlook 4.2.1"
        found = re.fullmatch(rf"Reçu{NBSP}: (\S+)\. Pour l'annuler{NBSP}: mapiwright undo \1", receipt)
        assert found is not None
        undone = mapiwright("undo", found[1], "--yes")
        assert f"Terminé{NBSP}: annuler{NBSP}: installer Acme Mail for Outlook 4.2.1" in undone.out
        assert f"Fait{NBSP}: annuler{NBSP}: appeler ACME avec MSG_SERVICE_INSTALL{NBSP}: annulé" in undone.out
        assert f"(annulé par {undone.out.rpartition(' ')[2].strip()})" in mapiwright("receipts").out

    def test_that_nothing_calls_a_removal_back(self, mapiwright: Mapiwright, acme: Path) -> None:
        mapiwright("install", acme, "--yes")
        removed = mapiwright("uninstall", "acme-mail", "--yes", "--json").document["receipt"]["id"]
        undone = mapiwright("undo", removed, "--yes")
        assert undone.code == 0, undone.err
        told = [line for line in undone.out.splitlines() if line.startswith(("Omis", "Fait"))]
        assert len(told) == 2
        skipped = f"Omis{NBSP}: annuler{NBSP}: appeler ACME avec MSG_SERVICE_"
        assert all(line.startswith(skipped) for line in told)
        assert all(line.endswith(f"{NBSP}: aucun appel ne l'annule") for line in told)

    def test_a_plan_and_that_there_is_nothing_to_do(self, mapiwright: Mapiwright, acme: Path) -> None:
        told = mapiwright("install", acme, "--dry-run")
        assert " 4. appeler ACME avec MSG_SERVICE_INSTALL (résultat pas encore connu)" in told.out
        mapiwright("install", acme, "--yes")
        assert "  Rien à faire" in mapiwright("install", acme, "--yes").out

    def test_what_lies_on_a_disk(self, mapiwright: Mapiwright, acme: Path, public: Path) -> None:
        told = mapiwright("have-disk", public, "--dry-run")
        assert f"{public}{NBSP}: un package publié" in told.err
        assert f"  Acme Mail for Outlook 4.2.1, éditeur Acme Software (acme-mail){NBSP}: ACME" in told.err
        (public / "setup.exe").write_bytes(b"MZ")
        assert f"éditeur{NBSP}: setup.exe" in mapiwright("have-disk", public, "--dry-run").err
        told = mapiwright("publish", acme, public.parent / "new", "--dry-run")
        assert "  non signé\nRien n'a été écrit." in told.out

    def test_that_a_plan_was_saved_and_is_applied(self, mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
        file = tmp_path / "plan.json"
        told = mapiwright("plan", acme, "-o", file)
        assert f"Enregistré{NBSP}: {file}, empreinte " in told.out
        assert "appeler" not in file.read_text(encoding="utf-8")
        applied = mapiwright("apply", file, "--yes")
        assert applied.code == 0
        assert f"Plan{NBSP}: {file}, empreinte " in applied.err

    def test_that_nobody_can_be_asked(self, mapiwright: Mapiwright, acme: Path) -> None:
        told = mapiwright("install", acme)
        assert told.code == 1
        assert told.err.endswith(
            f"rien n'a été modifié (attendu{NBSP}: --yes)\n"
            "  Utilisez --yes pour appliquer le plan, ou --dry-run pour seulement le voir.\n"
        )

    def test_that_an_earlier_run_was_cut_short(self, mapiwright: Mapiwright, workstation_folder: Path) -> None:
        def cut_short() -> None:
            state = open_workstation(f"image:{workstation_folder}").state
            title = Message.of("actions.create-profile", profile="Zwei")
            Journal(state).add("begin", id="1", title=title.to_json())

        cut_short()
        seen = mapiwright("profile", "list").err
        assert f"Une exécution précédente a été interrompue{NBSP}: créer le profil Zwei. Ce que vous voyez" in seen
        assert "mapiwright recover" in seen
        planned = mapiwright("profile", "create", "Un", "--dry-run").err
        assert f"interrompue{NBSP}: créer le profil Zwei. Ce plan part de" in planned
        ended = f"«{NBSP}créer le profil Zwei{NBSP}» a été interrompu{NBSP}; tout a été annulé.\n"
        assert ended in mapiwright("profile", "create", "Un", "--yes").err
        cut_short()
        assert mapiwright("recover").out == ended

    def test_who_could_not_be_reached_and_what_is_left_out(
        self, mapiwright: Mapiwright, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create_image(tmp_path / "office", users=["Zoë", "Łukasz"])
        monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{tmp_path / 'office'}")
        mapiwright("install", acme, "--yes", "--user", "Zoë")
        (tmp_path / "office" / "Users" / "Łukasz" / "NTUSER.DAT").unlink()
        told = mapiwright("uninstall", "acme-mail", "--yes")
        assert told.code == 1
        assert re.search(f"Partiel{NBSP}: .*{NBSP}: Łukasz", told.err)
        assert f"  Remarque{NBSP}: L'utilisateur Łukasz est laissé de côté{NBSP}: " in told.out

    def test_why_a_call_waits(self, mapiwright: Mapiwright, release: Callable[..., Path]) -> None:
        package = release("4.3", {"mapiwright.toml": {'entry = "acme_service:service_entry"\n': ""}})
        manifest = package / "mapiwright.toml"
        text = manifest.read_text(encoding="utf-8").replace('sources = ["acme_service.py"]\ndeadline = 20\n', "")
        manifest.write_text(text, encoding="utf-8")
        assert "Aucun appel n'est en attente." in mapiwright("service", "call", "--pending", "--yes").err
        told = mapiwright("install", package, "--yes")
        assert told.code == 0, told.err
        waits = "le code du service ACME ne peut pas s'exécuter ici"
        assert f"En attente{NBSP}: appeler ACME avec MSG_SERVICE_INSTALL{NBSP}: {waits}" in told.out
        assert f"    en attente{NBSP}: appeler ACME avec MSG_SERVICE_INSTALL" in mapiwright("receipts").out
        still = mapiwright("service", "call", "--pending", "--yes").err
        line = f"Toujours en attente{NBSP}: appeler ACME avec MSG_SERVICE_INSTALL{NBSP}: aucun code du service ACME"
        assert line in still

    def test_what_outlook_starts_with_and_where_addresses_are(self, mapiwright: Mapiwright) -> None:
        startup = ("profile", "startup")
        nothing = f"Zoë{NBSP}: utilise toujours le profil par défaut{NBSP}; il n'y en a pas\n"
        assert mapiwright(*startup).out == nothing
        mapiwright(*startup, "--prompt", "--yes")
        assert mapiwright(*startup).out == f"Zoë{NBSP}: demande un profil\n"
        mapiwright(*startup, "--always", "--yes")
        mapiwright("profile", "create", "Un", "--default", "--yes")
        assert mapiwright(*startup).out == f"Zoë{NBSP}: utilise toujours Un\n"
        mapiwright(*startup, "--prompt", "--yes")
        told = mapiwright(*startup).out
        assert told == f"Zoë{NBSP}: demande un profil{NBSP}; le profil par défaut est Un\n"
        assert mapiwright("profile", "addressing", "Un").out.splitlines() == [
            f"Affichée d'abord{NBSP}: au choix de MAPI",
            f"Adresses personnelles{NBSP}: aucune liste choisie",
            f"Les noms sont vérifiés dans{NBSP}: au choix de MAPI",
            f"Listes disponibles{NBSP}: aucune",
        ]

    def test_files_that_were_written(self, mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
        made, merged = tmp_path / "made", tmp_path / "M.INF"
        told = mapiwright("workstation", "create", made, "--edition", "2016", "--also", "2010", "--user", "Zoë").err
        assert re.match(
            r"Un Windows avec Outlook 2016 \(\S+\) à côté de Outlook 2010 \(\S+\) a été créé pour Zoë", told
        )
        assert f"Pour l'utiliser{NBSP}: --workstation image:{made}" in told
        inf = next(acme.glob("*.inf"))
        assert mapiwright("inf", "merge", merged, inf, "--yes").out.endswith(f"Écrit{NBSP}: {merged}\n")
        assert mapiwright("inf", "merge", merged, inf, "--yes").out == f"{merged}{NBSP}: rien à faire\n"
        mapiwright("profile", "create", "Un", "--yes")
        told = mapiwright("prf", "export", "Un", "-o", tmp_path / "a.prf").out
        assert told == f"Écrit{NBSP}: {tmp_path / 'a.prf'}\n"

    def test_names_in_the_quotes_of_their_language(self) -> None:
        for name in ("Acme Mail", "Zoë's", 'the "new" one'):
            call = EntryCall("ACME", Context.CREATE, "Zoë", name)
            french = texts_in("fr").message(call.title)
            assert french.endswith(f"MSG_SERVICE_CREATE dans le profil «{NBSP}{name}{NBSP}» (utilisateur Zoë)")
            assert str(call.title) == f"call ACME with MSG_SERVICE_CREATE in profile '{name}' of Zoë"

    def test_names_that_are_words_of_ours(self, mapiwright: Mapiwright) -> None:
        """What is asked about is what is done, under the names that were given."""
        mapiwright("profile", "create", "A to profile B", "--yes")
        told = mapiwright("profile", "copy", "A to profile B", "files", "--dry-run").out
        assert told.splitlines()[0] == "copier le profil A to profile B vers files"
        assert mapiwright("profile", "create", "to files", "--yes").out.splitlines()[0] == "créer le profil to files"

    def test_that_nothing_was_done_yet(self, mapiwright: Mapiwright) -> None:
        assert mapiwright("receipts").out == "Rien encore.\n"

    def test_the_engines_own_errors_as_it_says_them(self, mapiwright: Mapiwright) -> None:
        told = mapiwright("uninstall", "nothing-of-that-name", "--yes")
        assert re.search(rf"Erreur{NBSP}: image:.*: no package 'nothing-of-that-name' is installed", told.err)


@pytest.mark.usefixtures("in_french")
class TestAProgramReads:
    """English, whoever runs the command."""

    def test_documents_receipts_and_the_log(
        self, mapiwright: Mapiwright, acme: Path, workstation_folder: Path, tmp_path: Path
    ) -> None:
        document = mapiwright("install", acme, "--dry-run", "--json", "-o", tmp_path / "plan.json").document["plan"]
        assert document["title"] == "install Acme Mail for Outlook 4.2.1"
        assert document["steps"][0]["title"] == "files"
        refused = mapiwright("install", acme, "--json").document["error"]
        assert refused["message"] == "stdin is not a terminal; nothing was changed"
        receipt = mapiwright("install", acme, "--yes", "--json").document["receipt"]
        assert receipt["title"] == document["title"]
        assert {effect["message"] for effect in receipt["effects"]} == {
            "it answered S_OK",
            "it asks to be configured",
        }
        kept = [path for path in (workstation_folder / "ProgramData" / "Mapiwright").rglob("*") if path.is_file()]
        assert len(kept) > 5
        for path in (*kept, tmp_path / "plan.json"):
            text = path.read_bytes().decode("utf-8", "replace")
            assert not re.search("installer|fichiers|appeler|répondu", text), path

    def test_what_lies_on_a_disk(self, mapiwright: Mapiwright, public: Path) -> None:
        assert mapiwright("have-disk", public, "--dry-run", "--json").document["disk"]["kind"] == "published"


class TestTheLanguage:
    def test_is_that_of_the_variable_then_that_of_the_locale(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert language_here() == "en"
        monkeypatch.setenv("LC_ALL", "fr_CA.UTF-8")
        assert language_here() == "fr"
        for variable, language in (("en-GB", "en"), ("fr", "fr"), ("tlh", "fr"), ("", "fr")):
            monkeypatch.setenv("MAPIWRIGHT_LANGUAGE", variable)
            assert language_here() == language, variable
        monkeypatch.setenv("LC_ALL", "C")
        monkeypatch.setenv("MAPIWRIGHT_LANGUAGE", "fr_FR")
        assert texts_here()("wizard.next") == "Suivant >"

    def test_is_english_where_there_are_no_texts_in_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LANG", "de_DE.UTF-8")
        assert language_here() == "en"

    @pytest.mark.parametrize("command", [["--version"], ["--help"], ["profile", "list"]])
    def test_costs_who_only_looks_nothing(self, command: list[str], workstation_folder: Path) -> None:
        probe = (
            "import sys; from mapiwright.__main__ import main; code = main(sys.argv[1:]);"
            "looked = ('tomllib', 'importlib.resources', 'mapiwright.english');"
            "print(code, *(name in sys.modules for name in looked))"
        )
        place = ["--workstation", f"image:{workstation_folder}"] if command[0] == "profile" else []
        words = [sys.executable, "-c", probe, *command, *place]
        # Coverage in a process of its own loads what is looked for here.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        ended = subprocess.run(words, capture_output=True, text=True, check=True, env=plain)
        assert ended.stdout.splitlines()[-1] == "0 False False False"

    def test_numbers_agree_as_it_wants(self) -> None:
        assert [texts_in("en").count("plan.files", number) for number in (0, 1, 2)] == [
            "0 files",
            "1 file",
            "2 files",
        ]
        french = [texts_in("fr").count("plan.files", number) for number in (0, 1, 2)]
        assert french == ["0 fichier", "1 fichier", "2 fichiers"]

    def test_calls_agree_in_number(self) -> None:
        for language, one, two in (("en", "1 call to", "2 calls to"), ("fr", "1 appel à", "2 appels à")):
            count = texts_in(language).count
            assert count("services-here.pending", 1).startswith(f"   {one}")
            assert count("services-here.pending", 2).startswith(f"   {two}")

    def test_of_french_prose_has_one_word_for_a_package(self) -> None:
        assert not [key for key, text in texts_in("fr").texts.items() if "paquet" in text.lower()]

    def test_of_french_prose_has_spaces_that_do_not_break(self) -> None:
        """Those of setup; a narrow one is not on every terminal."""
        for key, text in texts_in("fr").texts.items():
            assert "\u202f" not in text, key
            if key.startswith(SETUP):
                assert not re.search(r" [:;?!»]|« ", text), key


class TestTitles:
    def test_that_have_no_key_stay_as_they_are(self) -> None:
        for title in ("create profile X", "files", "Outlook starts", ""):
            for language in ("en", "fr"):
                assert texts_in(language).message(Message.literal(title)) == title

    def test_of_several_actions_and_of_titles_in_titles(self) -> None:
        create = Message.of("actions.create-profile", profile="X")
        several = Message.joined([create, Message.of("actions.add-service", service="ACME", profile="X"), create])
        french = f"créer le profil X{NBSP}; ajouter le service ACME au profil X"
        message = texts_in("fr").message
        assert message(several) == french
        assert message(Message.of("steps.undo", title=several)) == f"annuler{NBSP}: {french}"
        call = EntryCall("ACME", Context.INSTALL).title
        twice = Message.of("steps.call-pending", call=call, receipt="2026")
        assert message(twice) == "appeler ACME avec MSG_SERVICE_INSTALL, en attente depuis 2026"

    def test_keep_names_that_are_words_of_ours(self) -> None:
        message = texts_in("fr").message
        assert message(Message.of("actions.create-profile", profile="files")) == "créer le profil files"
        copied = Message.of("actions.copy-profile", profile="{a} to profile b", new="registry")
        assert message(copied) == "copier le profil {a} to profile b vers registry"


ENGLISH_WORDS = re.compile(
    r"\b(the|of|in|with|to|from|by|call|undo|take|create|copy|rename|delete|add|remove|make|set|files|registry)\b"
)


def is_unknown(title: Message) -> bool:
    french = texts_in("fr").message(title)
    return str(title) != "MAPISVC.INF" and (french == str(title) or ENGLISH_WORDS.search(french) is not None)


def unknown_in(plan: Plan) -> list[Message]:
    """The titles that a plan shows and French lacks."""
    return [title for title in (plan.title, *(step.title for step in plan.steps)) if is_unknown(title)]


def plans(desk: Any, acme: Path, release: Callable[..., Path]) -> Iterator[Plan]:
    """The plans that the example package and its profiles come to, each of them done before the next is made."""
    here = desk.workstation

    def undo_the_last() -> Plan:
        return undo_plan(here, receipts(here)[-1].id, MAKERS)

    yield desk.plan(acme)
    yield undo_the_last()
    yield desk.plan(acme, scope=Scope.MACHINE)
    yield desk.plan(acme, scope=Scope.USER)
    yield desk.plan(release("5.0"))
    yield undo_the_last()
    newer = release("6.0")
    yield desk.plan(newer, scope=Scope.MACHINE)
    yield desk.plan(newer, scope=Scope.USER)
    (dll,) = (path for path in desk.picture()[1] if path.endswith("acme32.dll"))
    here.files.apply([WriteFile(dll, here.files.read(dll), None)])
    yield plan_guard(here, "acme-mail")
    here.files.apply([WriteFile(dll, here.files.read(dll), None)])
    yield plan_repair(here, "acme-mail")

    def edited(action: Callable[[ProfileAdmin], object]) -> Plan:
        space = Workspace(here, desk.user("Zoë"))
        with space.batch():
            action(ProfileAdmin(space))
        return space.plan()

    def service(admin: ProfileAdmin, profile: str) -> str:
        return admin.admin_services(profile).profile.services[0].uid

    yield edited(lambda admin: admin.create_profile("Un"))
    yield edited(lambda admin: admin.copy_profile("Un", "Deux"))
    yield edited(lambda admin: admin.rename_profile("Deux", "Trois"))
    yield edited(lambda admin: admin.set_default_profile("Trois"))
    yield edited(lambda admin: admin.admin_services("Un").create_message_service("ACME"))
    account: dict[int, int | str] = {0x6600001E: "mail.acme.example", 0x66010003: 143, 0x6602001E: "zoe"}
    yield edited(lambda admin: admin.admin_services("Un").configure_message_service(service(admin, "Un"), account))
    yield edited(lambda admin: admin.admin_services("Un").delete_message_service(service(admin, "Un")))
    yield edited(lambda admin: admin.delete_profile("Trois"))
    run = WizardRun(here, desk.user("Zoë"))
    answers = read_answers(b'profile = "Quatre"\nservices = ["ACME"]\n[service.ACME]\nuser = "zoe"\n', "answers")
    write = Unattended(run, answers, "answers", lambda _: "").to_the_end()
    assert write is not None
    yield run.plan(write)
    yield desk.removal().plan


def test_every_title_that_the_example_shows_has_a_french_form(
    desk: Any, acme: Path, release: Callable[..., Path]
) -> None:
    verbs = []
    for plan in plans(desk, acme, release):
        assert unknown_in(plan) == []
        if desk.do(plan) is not None:
            verbs.append(str(plan.title).partition(" ")[0])
    assert set(verbs) >= {"install", "undo:", "upgrade", "restore", "repair", "create", "copy", "rename", "make"}
    assert set(verbs) >= {"add", "configure", "remove", "delete", "uninstall"}
    assert pending_calls(desk.workstation) == ()


SOURCES = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(product.__file__).parent.rglob("*.py")]
TITLED = {"Leg": 0, "batch": 0, "Plan": 1}
"""What gives a title to a leg or a plan, and which argument of it that is."""


def literal_titles(tree: ast.Module) -> Iterator[str]:
    """The titles without a key that a module gives to a leg or a plan; an empty one is never shown."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in TITLED or len(node.args) <= TITLED[called]:
            continue
        for title in ast.walk(node.args[TITLED[called]]):
            match title:
                case ast.Call(func=ast.Attribute(attr="literal"), args=[ast.Constant(value="")]):
                    pass
                case ast.JoinedStr() | ast.Call(func=ast.Attribute(attr="literal")):
                    yield ast.unparse(title)


def test_every_title_that_the_engine_gives_has_a_key() -> None:
    assert list(literal_titles(ast.parse('Leg(Message.literal("x"), ())'))) == ["Message.literal('x')"]
    assert [title for tree in SOURCES for title in literal_titles(tree)] == []
