"""A publication: a public directory with a package, its setup program, the sums of all files, and who signed them.

    mapiwright.toml, INF, DLLs    the package, as it is in the vendor's own directory
    setup.pyz                     the setup program, which carries the package too
    SHA256SUMS                    the sums of all these
    SHA256SUMS.sig, .pem          if it is signed: an Ed25519 signature of SHA256SUMS, and the public key

It is read as others may have left it: every byte that is used was compared with the sums first, and what they do not
list is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, FormatError, RefusedError
from mapiwright.setup.package.media import LARGEST_FILE, LARGEST_PACKAGE, Memory, find
from mapiwright.setup.package.rules import finding
from mapiwright.setup.package.signatures import Signature, SignatureStanding
from mapiwright.setup.publish import sums
from mapiwright.setup.publish.signing import verify

if TYPE_CHECKING:
    from mapiwright.errors import Finding
    from mapiwright.setup.package.media import Media
    from mapiwright.setup.publish.signing import Trust

PROGRAM = "setup.pyz"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
KEY = "SHA256SUMS.pem"
LARGEST_PUBLICATION = 2 * LARGEST_PACKAGE
"""The bytes that it may have: the package is in it twice."""
LARGEST_KEY = 1 << 16
"""The bytes of a key or a signature that are read."""
OURS = frozenset({PROGRAM, SUMS, SIGNATURE, KEY})
"""The files of a publication that are not the package's."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication whose sums are right; its files in memory, and what is known of its signature."""

    media: Memory
    signature: Signature

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What to report about the signature."""
        found, where = self.signature, self.media.name
        match found.standing:
            case SignatureStanding.GOOD:
                reported = "MW4308", f"signed by {found.signer}"
            case SignatureStanding.UNTRUSTED:
                reported = "MW4306", f"it is signed with a key that is not among the trusted ones: {found.signer}"
            case SignatureStanding.UNVERIFIED:
                reported = "MW4307", f"there is a signature, which was not verified: {found.reason}"
            case _:
                reported = "MW4305", "it is not signed"
        return (finding(reported[0], where, reported[1]),)


def read_publication(media: Media, trust: Trust) -> Publication:
    """The publication on ``media``, verified.

    Raises FindingsError with every fault where a sum is wrong, a file is missing or the signature is not that of the
    sums, RefusedError where trust is demanded and none of its keys has signed.
    """
    reported = media.read(find(media, SUMS) or SUMS, sums.LARGEST + 1)
    try:
        listed = sums.parse(reported)
    except FormatError as error:
        raise _broken([finding("MW4303", SUMS, f"{error.where}: {error.what}")], media.name) from None
    faults: list[Finding] = []
    files: dict[str, bytes] = {}
    read = 0
    for path, expected in listed.items():
        try:
            stored = find(media, path)
            data = media.read(stored) if stored is not None else None
            read += len(data or b"")
        except RefusedError as refusal:
            faults.append(finding("MW4302", path, refusal.what))
            continue
        if data is None:
            faults.append(finding("MW4302", path, "it is listed and not there"))
        elif len(data) > LARGEST_FILE or read > LARGEST_PUBLICATION:
            faults.append(finding("MW4109", path, "the publication is too large with it"))
            break
        elif sums.sum_of(data) != expected:
            faults.append(finding("MW4301", path, f"it has the sum {sums.sum_of(data)}, and not {expected}"))
        elif path not in OURS:
            files[path] = data
    signature = _signature(media, reported, trust)
    if signature.standing is SignatureStanding.TAMPERED:
        faults.append(finding("MW4304", SIGNATURE, f"the signature is wrong: {signature.reason}"))
    if faults:
        raise _broken(faults, media.name)
    refuse_unsigned(signature, trust, media.name)
    return Publication(Memory(files, media.name), signature)


def refuse_unsigned(signature: Signature, trust: Trust, where: str) -> None:
    """Raise RefusedError where a signature by one of the trusted keys is demanded, and this is none."""
    if trust.demanded and signature.standing is not SignatureStanding.GOOD:
        known = {SignatureStanding.UNTRUSTED: f"it is signed with another key, {signature.signer}"}
        raise RefusedError(
            known.get(signature.standing, "it is not signed"),
            where=where,
            expected=f"a signature by {' or '.join(trust.keys.values())}",
            remedy="Nothing was changed. Ask the publisher; or leave out --trust for a warning only.",
        )


def _signature(media: Media, reported: bytes, trust: Trust) -> Signature:
    signature, key = find(media, SIGNATURE), find(media, KEY)
    if signature is None and key is None:
        return Signature(SignatureStanding.NONE)
    if signature is None or key is None:
        return Signature(SignatureStanding.TAMPERED, reason=f"{KEY if signature else SIGNATURE} is missing")
    return verify(reported, media.read(signature, LARGEST_KEY), media.read(key, LARGEST_KEY), trust)


def _broken(faults: list[Finding], where: str) -> FindingsError:
    return FindingsError("what was published is not what is there", faults, where=where)
