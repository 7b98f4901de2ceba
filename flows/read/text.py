"""Vietnamese text as it should have been typed: legacy fonts decoded first, then Unicode made canonical.

Order matters and is the reason for this module: TCVN3 stores "ư" as the soft hyphen and "ê" as the ordinal
sign, so any clean-up before decoding destroys letters that no later step can bring back.

Three levels, each built on the one before:

* `normalise` keeps every visible letter and blank; good for showing and for narrative text.
* `fold` is a key for comparing wordings: case, tone placement and i/y do not matter, diacritics do.
* `strip_marks` drops diacritics too; only ever used to *propose* a near match, never to decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from flows.read.syllables import syllable_score

# TCVN 5712 VN3, the 8-bit code of the ABC fonts, by byte. Capitals with tone marks do not exist in it.
TCVN3 = {
    0xA1: "Ă", 0xA2: "Â", 0xA3: "Ê", 0xA4: "Ô", 0xA5: "Ơ", 0xA6: "Ư", 0xA7: "Đ",
    0xA8: "ă", 0xA9: "â", 0xAA: "ê", 0xAB: "ô", 0xAC: "ơ", 0xAD: "ư", 0xAE: "đ",
    0xB5: "à", 0xB6: "ả", 0xB7: "ã", 0xB8: "á", 0xB9: "ạ",
    0xBB: "ằ", 0xBC: "ẳ", 0xBD: "ẵ", 0xBE: "ắ", 0xC6: "ặ",
    0xC7: "ầ", 0xC8: "ẩ", 0xC9: "ẫ", 0xCA: "ấ", 0xCB: "ậ",
    0xCC: "è", 0xCE: "ẻ", 0xCF: "ẽ", 0xD0: "é", 0xD1: "ẹ",
    0xD2: "ề", 0xD3: "ể", 0xD4: "ễ", 0xD5: "ế", 0xD6: "ệ",
    0xD7: "ì", 0xD8: "ỉ", 0xDC: "ĩ", 0xDD: "í", 0xDE: "ị",
    0xDF: "ò", 0xE1: "ỏ", 0xE2: "õ", 0xE3: "ó", 0xE4: "ọ",
    0xE5: "ồ", 0xE6: "ổ", 0xE7: "ỗ", 0xE8: "ố", 0xE9: "ộ",
    0xEA: "ờ", 0xEB: "ở", 0xEC: "ỡ", 0xED: "ớ", 0xEE: "ợ",
    0xEF: "ù", 0xF1: "ủ", 0xF2: "ũ", 0xF3: "ú", 0xF4: "ụ",
    0xF5: "ừ", 0xF6: "ử", 0xF7: "ữ", 0xF8: "ứ", 0xF9: "ự",
    0xFA: "ỳ", 0xFB: "ỷ", 0xFC: "ỹ", 0xFD: "ý", 0xFE: "ỵ",
}  # fmt: skip
_TCVN3_OF_LETTER = {letter: chr(byte) for byte, letter in TCVN3.items()}

# VNI for Windows: a base letter followed by a mark. The mark says the tone, the hat, or both at once.
_TONES = {"": "", "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_HATTED = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_BREVED = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_VNI_SINGLE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_SINGLE)
    for base in "aeouyôö":
        letter = _VNI_SINGLE.get(base, base)
        table |= {base + m: unicodedata.normalize("NFC", letter + tone) for m, tone in _TONES.items() if tone}
    for base, hat, marks in (("aeo", "\u0302", _HATTED), ("a", "\u0306", _BREVED)):
        for letter in base:
            table |= {letter + m: unicodedata.normalize("NFC", letter + hat + t) for m, t in marks.items()}
    capitals = {key.upper(): value.upper() for key, value in table.items()}
    mixed = {key[0].upper() + key[1]: value.upper() for key, value in table.items() if len(key) == 2}
    return table | mixed | capitals


VNI = _vni_table()
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))
_VNI_OF_LETTER = {value: key for key, value in reversed(VNI.items())}

# Letters that look right and are not; blanks that are not the blank; marks without width.
_LOOK_ALIKES = str.maketrans(
    {"ƣ": "ư", "Ƣ": "Ư", "ð": "đ", "Ð": "Đ", "Ɖ": "Đ", "ɖ": "đ"}
    | dict(zip("аеорсухіАВЕКМНОРСТХІ", "aeopcyxiABEKMHOPCTXI", strict=True))
    | dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "")
)
_PUNCTUATION = str.maketrans(
    {"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
     "‘": "'", "’": "'", "´": "'", "…": "..."}
)  # fmt: skip
_TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"
_TONE = re.compile(f"[{_TONE_MARKS}]")
_OPEN_GLIDE = re.compile(r"(?<![^\W\d_])((?:[^\W\d_aăâeêioôơuưyq]|gi)*)(o[ae]|uy)(?![^\W\d_])")
_ONLY_Y = re.compile(r"(?<![^\W\d_])(qu|[bcdđghklmnprstvx]+)y(?![^\W\d_])")
_LETTERS = re.compile(r"[^\W\d_]+")
_HAS_GLIDE_OR_Y = re.compile("[ỳýỷỹỵyoòóỏõọuùúủũụ]")
MAX_WORDING = 500
"""Letters. No label, name, unit or figure is longer; patterns that look for one do not look at a longer text."""
_TYPOGRAPHIC = set("–—‘’“”„…•‐‑−\u2009\u202f\u200b")


@lru_cache(maxsize=65536)
def normalise(text: str, font_name: str = "", encoding: str = "") -> str:
    """Return `text` in Unicode NFC, legacy codes decoded, look-alikes and odd blanks replaced.

    Tone placement ("hoà", "hòa") stays as written; `fold` makes the two equal.

    Args:
        text: As stored in the file.
        font_name: Font of the cell or run; ".VnTime" and "VNI-Times" decide unless the letters deny it,
            ".VnTimeH" also makes capitals.
        encoding: "tcvn3" or "vni" where the whole document is known to be in it (see `detect_legacy`),
            for words too short to tell.
    """
    if text.isascii() and not _is_capital_font(font_name):
        return text
    decoded = _decode(text, _legacy_of_font(font_name), encoding)
    clean = unicodedata.normalize("NFC", decoded).translate(_LOOK_ALIKES)
    return clean.upper() if _is_capital_font(font_name) else clean


@lru_cache(maxsize=65536)
def fold(text: str, font_name: str = "") -> str:
    """Return the key by which two wordings are the same.

    Lower case, blanks collapsed, dashes and quotes plain, tone on the first vowel of oa/oe/uy
    ("hoà" = "hòa"), y for i after a consonant ("tỷ lệ" = "tỉ lệ"). Letters keep their diacritics:
    "Ia Băng" and "Ia Bang" are different communes. Spellings of names (Đăk, Đak, Đắk) are alias rows.
    """
    lowered = normalise(text, font_name).lower()
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFC", lowered.translate(_PUNCTUATION))
    if _HAS_GLIDE_OR_Y.search(lowered):
        lowered = _LETTERS.sub(lambda match: _fold_word(match.group()), lowered)
    return " ".join(lowered.split())


def strip_marks(text: str) -> str:
    """Return `fold(text)` without any diacritic, đ as d: a coarse key that may propose and never decides."""
    decomposed = unicodedata.normalize("NFD", fold(text).replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def detect_legacy(texts: Iterable[str]) -> str:
    """Return "tcvn3" or "vni" when the letters of these texts together are that code, else "".

    One short word ("Sè") may be good Vietnamese both ways; a sheet or a page is not. Texts with letters outside
    Latin-1 are Unicode: they outweigh a few words that would be Vietnamese in both codes ("không có").
    """
    latin: list[str] = []
    unicode: list[str] = []
    for text in texts:
        if not text.isascii():
            (latin if _is_latin_1(text) else unicode).append(text)
    sample = " ".join(latin)[:20000]
    found = _legacy_of_letters(sample)
    if not found:
        return ""
    gain = syllable_score(_DECODERS[found](sample)) - syllable_score(sample)
    return found if gain > syllable_score(" ".join(unicode)[:20000]) else ""


def decode_tcvn3(text: str) -> str:
    """Return TCVN3 codes, shown as Latin-1, as Unicode. Other characters are unchanged."""
    return text.translate(TCVN3)


def encode_tcvn3(text: str) -> str:
    """Return Unicode as TCVN3 codes shown as Latin-1; capitals with tone, which it lacks, as small ones."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_TCVN3_OF_LETTER.get(c) or _TCVN3_OF_LETTER.get(c.lower(), c) for c in composed)


def decode_vni(text: str) -> str:
    """Return VNI codes, shown as Latin-1, as Unicode."""
    return _VNI_PATTERN.sub(lambda match: VNI[match.group()], text)


def encode_vni(text: str) -> str:
    """Return Unicode as VNI codes shown as Latin-1."""
    return "".join(_VNI_OF_LETTER.get(c, c) for c in unicodedata.normalize("NFC", text))


def decode_bytes(data: bytes) -> tuple[str, str]:
    """Return the text of a plain file and the name of its encoding.

    A byte order mark or valid UTF-8 decides; otherwise the 8-bit code whose words are the best Vietnamese:
    windows-1258, tcvn3, vni or windows-1252. The text is NFC.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return unicodedata.normalize("NFC", data.decode(name, "replace")), name
    try:
        text = data.decode("utf-8")
        return (text if text.isascii() else unicodedata.normalize("NFC", text)), "utf-8"
    except UnicodeDecodeError:
        return _decode_eight_bit(data)


def _decode_eight_bit(data: bytes) -> tuple[str, str]:
    sample = data[:65536]
    names = ("windows-1258", "tcvn3", "vni", "windows-1252")
    best = max(names, key=lambda name: syllable_score(_decode_as(sample, name)))
    return _decode_as(data, best), best


def _decode_as(data: bytes, name: str) -> str:
    if name == "windows-1258":
        return unicodedata.normalize("NFC", data.decode("cp1258", "replace"))
    if name == "tcvn3":
        return decode_tcvn3(data.decode("latin-1"))
    text = data.decode("cp1252", "replace")
    return decode_vni(text) if name == "vni" else text


def _is_capital_font(font_name: str) -> bool:
    name = font_name.lower()
    return name.startswith(".vn") and name.split(" ")[0].endswith("h") and name != ".vnbahamabh"


def _legacy_of_font(font_name: str) -> str:
    name = font_name.lower()
    if name.startswith(".vn"):
        return "tcvn3"
    return "vni" if name.startswith(("vni-", "vni ")) else ""


def _decode(text: str, by_font: str, by_document: str) -> str:
    """Decode by font, then by document, then by letters; the first two yield to letters that deny them."""
    if not _is_latin_1(text):
        return text
    declared = by_font or by_document
    if declared:
        decoded = _DECODERS[declared](text)
        return decoded if syllable_score(decoded) >= syllable_score(text) else text
    found = _legacy_of_letters(text)
    return _DECODERS[found](text) if found else text


def _legacy_of_letters(text: str) -> str:
    if text.isascii() or not _is_latin_1(text):
        return ""
    scores = {"": syllable_score(text)} | {name: syllable_score(f(text)) for name, f in _DECODERS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > max(scores[""], 0) else ""


def _is_latin_1(text: str) -> bool:
    return all(letter <= "\u00ff" or letter in _TYPOGRAPHIC for letter in text)


_DECODERS = {"tcvn3": decode_tcvn3, "vni": decode_vni}


def _fold_word(word: str) -> str:
    """Move the tone of an open oa/oe/uy to its first vowel; write i for a lone y after a consonant."""
    decomposed = unicodedata.normalize("NFD", word)
    tone = "".join(_TONE.findall(decomposed))
    if len(tone) > 1:
        return word
    bare = unicodedata.normalize("NFC", _TONE.sub("", decomposed))
    if glide := _OPEN_GLIDE.search(bare):
        at = glide.end(1) + 1
        return unicodedata.normalize("NFC", bare[:at] + tone + bare[at:])
    if only_y := _ONLY_Y.search(bare):
        at = only_y.end()
        return unicodedata.normalize("NFC", bare[: at - 1] + "i" + tone + bare[at:])
    return word
