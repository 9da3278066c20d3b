"""Reading a reply: from words to what the person wants, or the admission that it is not clear."""

from __future__ import annotations

from frontdesk.features.assistant.understanding import vocabulary
from frontdesk.features.assistant.understanding.choices import PLAIN, read_choice
from frontdesk.features.assistant.understanding.meaning import (
    AsksQuestion,
    AsksTime,
    Confirms,
    Context,
    Declines,
    Language,
    Meaning,
    Reading,
    Thanks,
    Unsure,
    WantsAppointment,
    WantsCancel,
    WantsChange,
    WantsPerson,
)
from frontdesk.features.assistant.understanding.tokens import LONGEST, MOST_PIECES, Tokens, fold, read
from frontdesk.features.assistant.understanding.windows import Wish, read_wish

MOST_WORDS_OF_YES = 9
EITHER = Unsure((WantsChange(), WantsCancel()))
SAYS_MORE = 3  # words; CANCEL with one beside it may still be an opt-out
OTHERS = (
    "something else", "other times", "anything else", "another time", "different time", "different times",
    "other options", "other days", "another day", "otra hora", "otro dia", "otras opciones", "otro horario",
    "otros horarios", "otras horas", "any other times", "got anything else", "otra opcion", "anything later",
    "anything earlier", "later", "earlier", "mas tarde", "mas temprano",
)  # fmt: skip
ASKS_ABOUT = ("how do", "how can", "why", "did you", "have you", "can i still", "como puedo", "por que")
# What else people cancel; of texts it would be an opt-out, which is not read here.
OTHER_THINGS = frozenset(
    {
        "subscription",
        "card",
        "text",
        "texts",
        "message",
        "messages",
        "plan",
        "membership",
        "account",
        "order",
        "alerts",
        "keep",
        "keeping",
    }
)
GREETINGS = ("good morning", "good afternoon", "good evening", "good night", "good day", "buenos dias", "buenas tardes")
NOT_SURE = ("no se", "not sure", "i dont know", "idk", "dont know", "no estoy seguro", "no estoy segura", "quien sabe")
GOODBYES = ("see you", "nos vemos", "see ya", "hasta el")
INSTEAD = ("instead", "new one", "another", "otra")
OR_CHANGE = ("or reschedule", "or move", "o cambiar", "or change", "o mover")
NO_CHANGE = ("dont change", "do not change", "no cambies", "dont move", "dont reschedule")
NO_CANCEL = (
    "dont cancel", "do not cancel", "not cancel", "no cancelen", "no cancele", "no cancelar", "didnt cancel",
    "never cancelled", "no canceles", "no quiero cancelar",
)  # fmt: skip


def understand(text: str, context: Context) -> Reading:
    """Say what a reply means in its context.

    Rules only: no model, no I/O, time linear in the text. What could book or call off the wrong thing is `Unsure`, with
    what it may mean; whoever gets that asks. The bare word CANCEL is an opt-out at law and means nothing here.
    """
    tokens = read(text)
    language = language_of(tokens, context.language)
    if not tokens.words or len(text) > LONGEST or len(tokens.pieces) > MOST_PIECES:
        return Reading(AsksQuestion() if tokens.words else Unsure(), language)
    wish = read_wish(tokens, context, spanish=language is Language.SPANISH)
    return Reading(_meaning(tokens, wish, context), language)


def language_of(tokens: Tokens, hint: Language | None) -> Language:
    """Tell the language of a reply; one that could be either is of the hint's."""
    spanish = sum(word in vocabulary.SPANISH for word in tokens.words)
    english = sum(word in vocabulary.ENGLISH for word in tokens.words)
    if spanish == english:
        return hint or Language.ENGLISH
    return Language.SPANISH if spanish > english else Language.ENGLISH


def _meaning(tokens: Tokens, wish: Wish, context: Context) -> Meaning:
    """Ask one reader after the other; the first that knows says what it is."""
    for reader in (_person, _change_or_cancel, _goodbye, _question, read_choice, _time, _no, _thanks, _booking):
        found = reader(tokens, wish, context)
        if found is not None:
            return found
    said_no, said_yes = tokens.says(vocabulary.NO), tokens.says(vocabulary.YES)
    if said_no or said_yes:
        return _yes_or_no(tokens, said_no=said_no, said_yes=said_yes)
    service = _service(tokens, context)
    if service:
        return WantsAppointment(service)
    return AsksQuestion() if "?" in tokens.pieces and len(tokens.words) > 1 else Unsure()


def _person(tokens: Tokens, _wish: Wish, _context: Context) -> Meaning | None:
    if tokens.says(vocabulary.URGENT):
        return WantsPerson(urgent=True)
    asked = tokens.says(vocabulary.PERSON) or tokens.words in {("person",), ("persona",)}
    return WantsPerson() if asked else None


def _goodbye(tokens: Tokens, _wish: Wish, context: Context) -> Meaning | None:
    ends = context.has_appointment and not context.offers and tokens.says(GOODBYES)
    return Thanks() if ends else None


def _question(tokens: Tokens, wish: Wish, _context: Context) -> Meaning | None:
    if not tokens.says(vocabulary.QUESTIONS):
        return None
    wants = tokens.says(vocabulary.BOOK) and wish.named and "?" not in tokens.pieces
    return None if wants else AsksQuestion()


def _time(tokens: Tokens, wish: Wish, context: Context) -> Meaning | None:
    service = _service(tokens, context)
    if wish.readings:
        return Unsure(tuple(AsksTime(windows, service) for windows in wish.readings))
    return AsksTime(wish.windows, service) if wish.windows else None


def _no(tokens: Tokens, wish: Wish, context: Context) -> Meaning | None:
    """Read a time that does not suit, and the wish for others."""
    asked = bool(context.offers) or context.yes_or_no
    if wish.refused and tokens.says(("if", "unless", "si no")):
        return Unsure()
    if wish.refused:
        return Declines() if asked else Unsure()
    return Declines() if asked and tokens.says(OTHERS) else None


def _thanks(tokens: Tokens, _wish: Wish, context: Context) -> Meaning | None:
    if not tokens.says(vocabulary.THANKING) or any(word not in vocabulary.THANKS for word in tokens.words):
        return None
    yes = context.yes_or_no and tokens.says(vocabulary.YES) and not tokens.says((*vocabulary.NO, *GREETINGS))
    return Confirms() if yes else Thanks()


def _booking(tokens: Tokens, _wish: Wish, context: Context) -> Meaning | None:
    if not (tokens.says(vocabulary.BOOK) or tokens.says(vocabulary.AVAILABLE)):
        return None
    if tokens.says(vocabulary.NO):
        return None if context.offers else Unsure((Declines(), WantsAppointment(_service(tokens, context))))
    return _yes_or_wish(tokens, context, said_yes=tokens.says(vocabulary.YES))


def _yes_or_wish(tokens: Tokens, context: Context, *, said_yes: bool) -> Meaning:
    """Tell "yes, book it" from "I want to book"."""
    if said_yes and context.yes_or_no and len(tokens.words) <= MOST_WORDS_OF_YES and not _hedged(tokens):
        return Confirms()
    return WantsAppointment(_service(tokens, context))


def _yes_or_no(tokens: Tokens, *, said_no: bool, said_yes: bool) -> Meaning:
    if tokens.says(NOT_SURE) or (tokens.says(GREETINGS) and not tokens.says(SAYS_YES)):
        return Unsure()
    if said_no and said_yes:
        starts_no = tokens.words[0] in {"no", "nope", "nah"}
        return Declines() if starts_no and not tokens.says(("no yes",)) else Unsure((Declines(), Confirms()))
    if said_no:
        return Declines()
    known = sum(word in PLAIN or word in _YES_WORDS for word in tokens.words)
    plain = known == len(tokens.words) and len(tokens.words) <= MOST_WORDS_OF_YES
    if plain and not _hedged(tokens) and "?" not in tokens.pieces:
        return Confirms()
    return Unsure((Confirms(),))


SAYS_YES = tuple(phrase for phrase in vocabulary.YES if phrase not in {"good", "bueno"})
_YES_WORDS = frozenset(word for phrase in vocabulary.YES for word in phrase.split()) | vocabulary.THANKS


def _hedged(tokens: Tokens) -> bool:
    return any(word in vocabulary.HEDGES for word in tokens.words)


def _change_or_cancel(tokens: Tokens, wish: Wish, context: Context) -> Meaning | None:
    """Read changes and cancellations; CANCEL without saying what belongs to consent."""
    verb = any(word in vocabulary.CANCEL_VERBS for word in tokens.words)
    change, off = tokens.says(vocabulary.CHANGE), tokens.says(vocabulary.CANCEL)
    if not (verb or change or off or tokens.says(vocabulary.CANNOT_COME)):
        return None
    if any(word in vocabulary.POLICY for word in tokens.words) or tokens.says(ASKS_ABOUT):
        return AsksQuestion()
    if (verb or off) and tokens.says(OR_CHANGE):
        return EITHER
    if change or (verb and tokens.says(vocabulary.BOOK) and tokens.says(INSTEAD)):
        return _change(tokens, wish)
    if verb or off:
        return _cancel(tokens, wish, context, off=off)
    return None if wish.windows and not wish.refused and not context.has_appointment else EITHER


def _change(tokens: Tokens, wish: Wish) -> Meaning:
    if tokens.says(NO_CHANGE):
        return Unsure()
    if wish.readings:
        return Unsure(tuple(WantsChange(reading) for reading in wish.readings))
    return WantsChange(wish.windows)


def _cancel(tokens: Tokens, wish: Wish, context: Context, *, off: bool) -> Meaning:
    if tokens.says(NO_CANCEL) or any(word in OTHER_THINGS for word in tokens.words):
        return Unsure()
    if off or wish.named or any(word in vocabulary.CANCEL_OBJECTS for word in tokens.words):
        return WantsCancel()
    return Unsure((WantsCancel(),)) if len(tokens.words) >= SAYS_MORE and context.has_appointment else Unsure()


def _service(tokens: Tokens, context: Context) -> str:
    """Find the service that is named: the one with most of its words in the reply, "" if two are as good."""
    words = {_stem(word) for word in tokens.words}
    scored = sorted(
        ((len({_stem(word) for word in fold(name).split()} & words), name) for name in context.services), reverse=True
    )
    if not scored or not scored[0][0] or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return ""
    return scored[0][1]


def _stem(word: str) -> str:
    for end in ("ing", "es", "s"):
        if word.endswith(end) and len(word) - len(end) > 3:  # noqa: PLR2004 - what is left must be a word
            return word.removesuffix(end)
    return word
