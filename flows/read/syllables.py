"""The shape of a Vietnamese syllable: the letter model by which a legacy code is recognised.

Vietnamese syllables are few and strict: an optional onset, one of about 150 rhymes, a tone that closed
syllables restrict. Text decoded with the wrong table almost never has this shape.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONSETS = "ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|b|c|d|đ|g|h|k|l|m|n|p|r|s|t|v|x"
_OPEN_RHYMES = (
    "a ai am an ang anh ao au ay ăm ăn ăng âm ân âng âu ây e em en eng eo ê êm ên ênh êu i ia iêm iên "
    "iêng iêu im in inh iu o oa oai oam oan oang oanh oao oay oăm oăn oăng oe oen oeo oi om on ong oong "
    "ô ôi ôm ôn ông ơ ơi ơm ơn u ua uân uâng uây uê uên uênh ui um un ung uơ uôi uôm uôn uông uy uya "
    "uyên uynh uyu ư ưa ưi ưng ươi ươm ươn ương ươu ưu y yêm yên yêng yêu ynh"
)
_STOPPED_RHYMES = (
    "ac ach ap at ăc ăp ăt âc âp ât ec ep et êch êp êt ich iêc iêp iêt ip it oac oach oap oat oăc oăt "
    "oc ooc oet op ot ôc ôp ôt ơp ơt uât uc uêch uôc uôt up ut uych uyêt uyt ưc ưt ươc ươp ươt yêt"
)
_OPEN = re.compile(f"(?:{_ONSETS})?(?:{'|'.join(_OPEN_RHYMES.split())})")
_STOPPED = re.compile(f"(?:{_ONSETS})?(?:{'|'.join(_STOPPED_RHYMES.split())})")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_EDGES = " \t.,;:!?()[]{}\"'/\\-+*=%&#<>|–—‘’“”„…•«»0123456789"
_WORDS = re.compile(r"[\s/\-,;:()]+")


@lru_cache(maxsize=32768)
def is_syllable(word: str) -> bool:
    """Tell whether one word, any case, has the shape of a Vietnamese syllable with at most one tone."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = _TONES.findall(decomposed)
    bare = unicodedata.normalize("NFC", _TONES.sub("", decomposed))
    if len(tones) > 1:
        return False
    if _STOPPED.fullmatch(bare):
        return word.isascii() or (bool(tones) and tones[0] in "\u0301\u0323")
    return bool(_OPEN.fullmatch(bare))


def syllable_score(text: str) -> int:
    """Return well-formed minus ill-formed words, of the words that carry a letter outside ASCII.

    A single letter counts for nothing: "µ" and "à" say nothing about a code.
    """
    score = 0
    for part in _WORDS.split(text):
        word = part.strip(_EDGES)
        if len(word) > 1 and not word.isascii():
            score += 1 if is_syllable(word) else -1
    return score
